# What makes an unknown bug harder to use. On by default; the sanitizer, coverage and fuzz builds look
# for the bugs themselves and leave these out, since the two get in each other's way.
#
# Left out on purpose:
#   -ftrivial-auto-var-init   clears large stack buffers on every call, and hides from valgrind what it
#                             would report;
#   -fno-strict-aliasing      the code does not alias; -Wall says where it might;
#   -fno-delete-null-pointer-checks   would switch off -Wnull-dereference.

set(ORDERLY_HARDENING)
set(ORDERLY_HARDENING_LINK)

if(NOT (ORDERLY_SANITIZE OR ORDERLY_COVERAGE OR ORDERLY_FUZZ))
    list(APPEND ORDERLY_HARDENING
        # Buffer sizes checked at run time where the compiler can compute them. It needs an optimising
        # compiler, else glibc's headers warn.
        -U_FORTIFY_SOURCE
        "$<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>"
        # A canary in each frame that holds an array; large frames touch every page.
        -fstack-protector-strong
        -fstack-clash-protection
        # A signed overflow that slipped through wraps; the compiler may not remove a check behind it.
        # The sanitizer build, which goes without this flag, stops at each one.
        -fno-strict-overflow)

    # Jumps land on landing pads only: each processor family has its own name for it.
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
        list(APPEND ORDERLY_HARDENING -fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
        list(APPEND ORDERLY_HARDENING -mbranch-protection=standard)
    endif()

    list(APPEND ORDERLY_HARDENING_LINK
        # Relocations are done at start and then read-only, code pages hold nothing but code, the stack
        # is never executable.
        -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
        # Only libraries that are used are named in the binary.
        -Wl,--as-needed)
endif()
