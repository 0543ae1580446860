# Installed are the program, the library with its header and pkg-config file, man pages, completions,
# the broker's service for systemd, examples and documents. Instrumented builds install nothing.

if(ORDERLY_SANITIZE OR ORDERLY_COVERAGE OR ORDERLY_FUZZ)
    return()
endif()

# From the pkg-config file's folder back to the prefix: one step up per part of lib/<arch>/pkgconfig.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR
    BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE libdir_below_prefix)
string(REGEX REPLACE "[^/]+" ".." ORDERLY_PC_PREFIX "${libdir_below_prefix}/pkgconfig")
configure_file(packaging/libhl7.pc.in ${CMAKE_BINARY_DIR}/libhl7.pc @ONLY)

if(TARGET orderly)
    install(TARGETS orderly RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(DIRECTORY ${ORDERLY_DOCUMENTS}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
    install(FILES ${ORDERLY_DOCUMENTS}/bash/orderly
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${ORDERLY_DOCUMENTS}/zsh/_orderly
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
if(ORDERLY_WITH_BROKER)
    configure_file(packaging/orderly.service.in ${CMAKE_BINARY_DIR}/orderly.service @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/orderly.service DESTINATION lib/systemd/system)
endif()
if(ORDERLY_WITH_WEB)
    install(TARGETS orderly-web RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    configure_file(packaging/systemd/orderly-web.service.in ${CMAKE_BINARY_DIR}/orderly-web.service @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/orderly-web.service packaging/systemd/orderly-web.socket
        DESTINATION lib/systemd/system)
    install(DIRECTORY packaging/grafana DESTINATION ${CMAKE_INSTALL_DATADIR}/orderly)
endif()
if(TARGET hl7_static)
    install(TARGETS hl7_static hl7_shared
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(FILES ${CMAKE_BINARY_DIR}/libhl7.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
    PATTERN "__pycache__" EXCLUDE
    PATTERN "broker/data" EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB documents CONFIGURE_DEPENDS README* CHANGELOG* SECURITY* LICENSE)
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR})
