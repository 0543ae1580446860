# Each bench/*.c is one program; bench/run.py drives them. (Not in a folder bench/ of the build folder:
# build/bench is the build `make bench` makes.)

if(ORDERLY_BENCH)
    orderly_sources(bench_sources bench/*.c)
    foreach(source IN LISTS bench_sources)
        cmake_path(GET source STEM name)
        add_executable(bench_${name} ${source})
        set_target_properties(bench_${name} PROPERTIES
            OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/measure)
        target_compile_definitions(bench_${name} PRIVATE _GNU_SOURCE)
        target_link_libraries(bench_${name} PRIVATE orderly_flags)
        foreach(library orderly_net hl7_static)
            if(TARGET ${library})
                target_link_libraries(bench_${name} PRIVATE ${library})
            endif()
        endforeach()
        orderly_quote_path(bench_${name} .)
    endforeach()
    # What storing a message costs at least, without our journal.
    target_include_directories(bench_limit SYSTEM PRIVATE ${SQLITE_INCLUDE})
    target_link_libraries(bench_limit PRIVATE ${SQLITE_LIBRARY})
endif()
