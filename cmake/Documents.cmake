# Man pages and shell completions are printed by the program itself, from the tables its parser uses.
# Instrumented builds do without: they are never installed.

if(TARGET orderly AND NOT (ORDERLY_SANITIZE OR ORDERLY_COVERAGE))
    set(ORDERLY_DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
    set(with_broker)
    if(ORDERLY_WITH_BROKER)
        set(with_broker with-broker)
    endif()
    add_custom_command(
        OUTPUT ${ORDERLY_DOCUMENTS}/stamp
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/make-documents $<TARGET_FILE:orderly> ${ORDERLY_DOCUMENTS}
                ${with_broker}
        COMMAND ${CMAKE_COMMAND} -E touch ${ORDERLY_DOCUMENTS}/stamp
        DEPENDS orderly ${CMAKE_SOURCE_DIR}/scripts/make-documents
        COMMENT "Writing man pages and completions"
        VERBATIM)
    add_custom_target(documents ALL DEPENDS ${ORDERLY_DOCUMENTS}/stamp)
endif()
