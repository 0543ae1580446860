# The broker: a static library, and what it needs of the system, linked dynamically. ORDERLY_WITH_BROKER
# says whether there is one.

set(ORDERLY_WITH_BROKER OFF)
if(ORDERLY_BROKER STREQUAL "OFF" OR ORDERLY_FUZZ)
    return()
endif()

find_path(SQLITE_INCLUDE sqlite3.h)
find_library(SQLITE_LIBRARY sqlite3)
if(NOT SQLITE_INCLUDE OR NOT SQLITE_LIBRARY)
    if(ORDERLY_BROKER STREQUAL "AUTO")
        message(STATUS "SQLite is not installed: building without the broker")
        return()
    endif()
    message(FATAL_ERROR "SQLite is missing: apt-get install libsqlite3-dev")
endif()

set(ORDERLY_WITH_BROKER ON)
orderly_part(orderly_broker ${broker_sources})
target_include_directories(orderly_broker SYSTEM PRIVATE ${SQLITE_INCLUDE})
target_link_libraries(orderly_broker PUBLIC ${SQLITE_LIBRARY})
