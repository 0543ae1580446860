# TLS: net/tls/, and OpenSSL, linked dynamically. Without it net/tls_none.c says that there is none.
# ORDERLY_WITH_TLS says which.

set(ORDERLY_WITH_TLS OFF)
if(NOT ORDERLY_TLS STREQUAL "OFF" AND NOT ORDERLY_FUZZ)
    find_path(OPENSSL_INCLUDE openssl/ssl.h)
    find_library(SSL_LIBRARY ssl)
    find_library(CRYPTO_LIBRARY crypto)
    if(OPENSSL_INCLUDE AND SSL_LIBRARY AND CRYPTO_LIBRARY)
        set(ORDERLY_WITH_TLS ON)
    elseif(ORDERLY_TLS STREQUAL "AUTO")
        message(STATUS "OpenSSL is not installed: building without TLS")
    else()
        message(FATAL_ERROR "OpenSSL is missing: apt-get install libssl-dev")
    endif()
endif()

if(ORDERLY_WITH_TLS)
    list(FILTER net_sources EXCLUDE REGEX "/tls_none.c$")
else()
    list(FILTER net_sources EXCLUDE REGEX "/net/tls/[^/]*$")
endif()
