# Man pages and shell completions are printed by the program itself, from the tables its parser uses.
# Instrumented builds do without: they are never installed.

if(TARGET orderly AND NOT (ORDERLY_SANITIZE OR ORDERLY_COVERAGE))
    set(ORDERLY_DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
    set(with_broker without-broker)
    if(ORDERLY_WITH_BROKER)
        set(with_broker with-broker)
    endif()
    set(web_program)
    if(ORDERLY_WITH_WEB)
        set(web_program $<TARGET_FILE:orderly-web>)
    endif()
    add_custom_command(
        OUTPUT ${ORDERLY_DOCUMENTS}/stamp
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/make-documents $<TARGET_FILE:orderly> ${ORDERLY_DOCUMENTS}
                ${with_broker} ${web_program}
        COMMAND ${CMAKE_COMMAND} -E touch ${ORDERLY_DOCUMENTS}/stamp
        DEPENDS orderly ${web_program} ${CMAKE_SOURCE_DIR}/scripts/make-documents
        COMMENT "Writing man pages and completions"
        VERBATIM)
    add_custom_target(documents ALL DEPENDS ${ORDERLY_DOCUMENTS}/stamp)
endif()
