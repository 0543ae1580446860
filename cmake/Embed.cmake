# Run by the build (cmake -P): writes files as C arrays, with their types and hashes, for web/asset.c.
#
#   cmake -DOUTPUT=assets.inc "-DFILES=a;b" -P Embed.cmake

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_json "application/json")
set(type_png "image/png")

set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    get_filename_component(ending ${file} LAST_EXT)
    string(SUBSTRING "${ending}" 1 -1 ending)
    if(NOT DEFINED type_${ending})
        message(FATAL_ERROR "${file}: no type is known for .${ending}")
    endif()
    file(READ ${file} bytes HEX)
    file(SHA256 ${file} hash)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const unsigned char embedded_${number}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", \"${type_${ending}}\", \"${hash}\", embedded_${number}, "
        "sizeof embedded_${number}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
    "/* Made by cmake/Embed.cmake. */\n${arrays}\nstatic const struct asset embedded[] = {\n${rows}"
    "    {NULL, NULL, NULL, NULL, 0}};\n")
