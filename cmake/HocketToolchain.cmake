# Compiler requirements, warnings and sanitizers, for this project's own targets only (hocket_build_options).

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(HOCKET_PORTABILITY_CHECK "Compile with a compiler that is refused for use, to check portability only" OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14 AND NOT HOCKET_PORTABILITY_CHECK)
  message(FATAL_ERROR
    "hocket needs clang 19 or later, or g++ 14 or later; this is g++ ${CMAKE_CXX_COMPILER_VERSION}, which destroys some "
    "temporaries of co_await expressions twice and overflows the stack in symmetric transfer without optimisation. "
    "Use 'cmake --preset release' (clang-22).")
endif()

set(HOCKET_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")

add_library(hocket_build_options INTERFACE)
target_compile_options(hocket_build_options INTERFACE -Wall -Wextra -Wconversion -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(hocket_build_options INTERFACE -fcoroutines)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang calls C++20 and C++23 library parts of libstdc++ 12 deprecated in places where we cannot choose.
  target_compile_options(hocket_build_options INTERFACE -Wno-deprecated-declarations)
endif()
option(HOCKET_CHECK_LIFETIMES "Let clang find coroutines that refer to what is gone" ${PROJECT_IS_TOP_LEVEL})
if(HOCKET_CHECK_LIFETIMES)
  target_compile_definitions(hocket_build_options INTERFACE HOCKET_CHECK_LIFETIMES)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(hocket_build_options INTERFACE -Werror=unused-result -Werror=unused-value
      -Werror=return-stack-address -Werror=dangling -Werror=dangling-capture)
  endif()
endif()
if(HOCKET_SANITIZE)
  add_compile_options(-fsanitize=${HOCKET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HOCKET_SANITIZE})
  add_compile_definitions(HOCKET_SANITIZED=1)
endif()
find_program(HOCKET_LLD ld.lld-22)
if(HOCKET_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld)
endif()
find_program(HOCKET_CCACHE ccache)
if(HOCKET_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # Another clone, in another folder, finds there what this one compiled.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${HOCKET_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
