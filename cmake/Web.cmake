# orderly-web: the page's program. ORDERLY_WITH_WEB says whether there is one. The users file has a library of
# its own, for `orderly user`.

set(ORDERLY_WITH_WEB OFF)
# The page as arrays, if there is one: what the linters need, who compile nothing.
add_custom_target(page_assets)
if(ORDERLY_WEB STREQUAL "OFF" OR ORDERLY_FUZZ)
    return()
endif()

set(web_missing)
foreach(wanted "MICROHTTPD:microhttpd.h:microhttpd:libmicrohttpd-dev" "JANSSON:jansson.h:jansson:libjansson-dev"
        "CRYPT:crypt.h:crypt:libcrypt-dev"
        "GNUTLS:gnutls/gnutls.h:gnutls:libgnutls28-dev")
    string(REPLACE ":" ";" wanted ${wanted})
    list(GET wanted 0 name)
    list(GET wanted 1 header)
    list(GET wanted 2 library)
    list(GET wanted 3 package)
    find_path(${name}_INCLUDE ${header})
    find_library(${name}_LIBRARY ${library})
    if(NOT ${name}_INCLUDE OR NOT ${name}_LIBRARY)
        list(APPEND web_missing ${package})
    endif()
endforeach()
if(web_missing)
    list(JOIN web_missing " " web_missing)
    if(ORDERLY_WEB STREQUAL "AUTO")
        message(STATUS "${web_missing} missing: building without the page")
        return()
    endif()
    message(FATAL_ERROR "Missing for the page: apt-get install ${web_missing}")
endif()

set(ORDERLY_WITH_WEB ON)
find_package(Threads REQUIRED)

# What is embedded. The page is files that are served as they are: there is no step between.
orderly_sources(web_page web/page/*.html web/page/*.css web/page/*.js web/page/*.svg)
set(web_assets ${web_page} ${CMAKE_SOURCE_DIR}/web/api/openapi.json)
set(web_generated ${CMAKE_BINARY_DIR}/web)
add_custom_command(OUTPUT ${web_generated}/assets.inc
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${web_generated}/assets.inc "-DFILES=${web_assets}"
        -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${web_assets} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    COMMENT "Embedding the page" VERBATIM)

add_custom_target(page_embedded DEPENDS ${web_generated}/assets.inc)
add_dependencies(page_assets page_embedded)

orderly_part(orderly_users web/users.c)
target_include_directories(orderly_users SYSTEM PRIVATE ${CRYPT_INCLUDE})
target_link_libraries(orderly_users PUBLIC ${CRYPT_LIBRARY})

orderly_sources(web_sources web/*.c)
list(REMOVE_ITEM web_sources ${CMAKE_SOURCE_DIR}/web/users.c)
orderly_part(orderly_web_parts ${web_sources} ${web_generated}/assets.inc)
target_include_directories(orderly_web_parts SYSTEM PRIVATE ${MICROHTTPD_INCLUDE} ${JANSSON_INCLUDE})
target_compile_options(orderly_web_parts PRIVATE "SHELL:-iquote ${web_generated}")
target_link_libraries(orderly_web_parts PUBLIC orderly_users orderly_base
    ${MICROHTTPD_LIBRARY} ${JANSSON_LIBRARY} ${GNUTLS_LIBRARY} Threads::Threads)

# main() is among the objects of web/.
add_executable(orderly-web $<TARGET_OBJECTS:orderly_web_parts>)
set_target_properties(orderly-web PROPERTIES LINKER_LANGUAGE C)
target_link_libraries(orderly-web PRIVATE orderly_flags orderly_users orderly_base hl7_static
    ${MICROHTTPD_LIBRARY} ${JANSSON_LIBRARY} ${GNUTLS_LIBRARY} Threads::Threads)
