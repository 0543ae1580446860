# The one list of warnings. Both compilers see the common part; what only one of them knows follows.
# Nothing here is switched off for a file: code that warns is changed.

set(ORDERLY_WARNINGS
    -Wall -Wextra -Wpedantic
    # Conversions that lose bits or change sign.
    -Wconversion -Wsign-conversion -Wdouble-promotion
    # Declarations: every function has one prototype, every name one meaning.
    -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
    # Pointers: const stays const, alignment stays alignment.
    -Wcast-qual -Wcast-align -Wpointer-arith -Wwrite-strings -Wnull-dereference
    # Format strings are literals. (gcc's -Wformat-truncation stays at its first level: at the second it
    # warns of every snprintf whose result is looked at afterwards.)
    -Wformat=2
    # The stack has a bound that can be read in the source.
    -Wvla -Wframe-larger-than=131072
    # Control flow.
    -Wimplicit-fallthrough -Wfloat-equal
    # The preprocessor: no misspelt macro in #if, no build time in the binary.
    -Wundef -Wdate-time)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND ORDERLY_WARNINGS
        -Wformat-signedness -Wformat-overflow=2
        -Wlogical-op -Wduplicated-cond -Wduplicated-branches
        -Wjump-misses-init -Walloca
        -Wunused-const-variable=2 -Warray-bounds=2)
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
    list(APPEND ORDERLY_WARNINGS
        -Wcomma -Wloop-analysis -Wassign-enum -Wunreachable-code-aggressive
        -Wconditional-uninitialized -Wmissing-variable-declarations -Wmissing-noreturn
        -Wformat-non-iso -Wshift-sign-overflow -Wtautological-compare -Wheader-hygiene
        -Wextra-semi -Wnewline-eof)
endif()

if(ORDERLY_WERROR)
    list(APPEND ORDERLY_WARNINGS -Werror)
endif()
