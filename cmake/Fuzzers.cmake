# One libFuzzer program per fuzz/fuzz_NAME.c. Its seeds are fuzz/corpus/NAME, its dictionary
# fuzz/NAME.dict or else fuzz/hl7.dict, if there is one; scripts/fuzz runs it.

orderly_sources(fuzz_sources fuzz/fuzz_*.c)
# The parsers of the broker and the page, which need nothing of the system.
if(ORDERLY_FUZZ)
    orderly_sources(config_sources broker/config/*.c)
    orderly_part(orderly_parsers broker/control/request.c web/cookie.c web/base64.c ${config_sources})
endif()
set(ORDERLY_FUZZ_NAMES)
foreach(source IN LISTS fuzz_sources)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^fuzz_" "" short_name ${name})
    list(APPEND ORDERLY_FUZZ_NAMES ${short_name})
    if(ORDERLY_FUZZ)
        add_executable(${name} ${source})
        target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
        target_link_libraries(${name} PRIVATE orderly_flags orderly_parsers orderly_net
            orderly_base hl7_internal)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        orderly_quote_path(${name} . lib)
    endif()
endforeach()
