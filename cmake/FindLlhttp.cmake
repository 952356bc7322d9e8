# Finds llhttp, the HTTP/1 parser of Node.js, and builds it: target llhttp::llhttp (static).
#
# Debian has no library of it; its package node-llhttp ships the C sources and the header. They are compiled in llhttp's
# strict mode, which demands CRLF and tokens where the other mode looks away. hocket's own libraries are static, so what
# links llhttp privately needs it at the user's link as well: it is installed with them.

find_path(Llhttp_INCLUDE_DIR llhttp.h
  PATHS /usr/share/include /usr/local/share/include PATH_SUFFIXES llhttp share/include/llhttp)
find_path(Llhttp_SOURCE_DIR llhttp.c
  PATHS /usr/share /usr/local/share PATH_SUFFIXES llhttp share/llhttp)
mark_as_advanced(Llhttp_INCLUDE_DIR Llhttp_SOURCE_DIR)

if(Llhttp_INCLUDE_DIR)
  file(STRINGS ${Llhttp_INCLUDE_DIR}/llhttp.h llhttp_version_lines REGEX "#define LLHTTP_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE "[^0-9;]" "" llhttp_version_list "${llhttp_version_lines}")
  string(REPLACE ";" "." Llhttp_VERSION "${llhttp_version_list}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Llhttp
  REQUIRED_VARS Llhttp_SOURCE_DIR Llhttp_INCLUDE_DIR
  VERSION_VAR Llhttp_VERSION
  REASON_FAILURE_MESSAGE "its sources come with Debian's package node-llhttp (apt-get install node-llhttp)")

if(Llhttp_FOUND AND NOT TARGET llhttp::llhttp)
  add_library(hocket_llhttp STATIC
    ${Llhttp_SOURCE_DIR}/api.c ${Llhttp_SOURCE_DIR}/http.c ${Llhttp_SOURCE_DIR}/llhttp.c)
  add_library(llhttp::llhttp ALIAS hocket_llhttp)
  target_compile_options(hocket_llhttp PRIVATE -w)
  target_compile_definitions(hocket_llhttp PRIVATE LLHTTP_STRICT_MODE=1)
  target_include_directories(hocket_llhttp SYSTEM PUBLIC $<BUILD_INTERFACE:${Llhttp_INCLUDE_DIR}>)
  hocket_component(llhttp hocket_llhttp)
endif()
