# One call a target: the floors of the house, their tests, the programs.

# hocket_floor(NAME SOURCES ... USES ... LINKS ... PRIVATE_LINKS ...)
# A folder under src/hocket as target hocket::NAME. USES names other folders of the house, LINKS outside libraries that
# users see, PRIVATE_LINKS those that they do not.
function(hocket_floor name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(hocket_${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(hocket_${name} PRIVATE $<BUILD_INTERFACE:hocket_build_options>)
    foreach(library IN LISTS arg_PRIVATE_LINKS)
      hocket_is_headers_only(${library} headers_only)
      if(headers_only)
        set(library $<BUILD_INTERFACE:${library}>)
      endif()
      target_link_libraries(hocket_${name} PRIVATE ${library})
    endforeach()
  else()
    add_library(hocket_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_compile_features(hocket_${name} ${scope} cxx_std_23)
  target_include_directories(hocket_${name} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  foreach(other IN LISTS arg_USES)
    target_link_libraries(hocket_${name} ${scope} hocket::${other})
  endforeach()
  target_link_libraries(hocket_${name} ${scope} ${arg_LINKS})
  hocket_component(${name} hocket_${name})
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hocket/${name}
    FILES_MATCHING PATTERN "*.hpp")
endfunction()

# hocket_test(NAME SOURCES ... USES ...): a test program of the folder NAME; one ctest entry.
function(hocket_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE hocket_build_options GTest::gtest_main ${arg_LINKS})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  if(HOCKET_SANITIZE)
    target_compile_options(test_${name} PRIVATE -O0)  # a test compiles in half the time, what it tests stays optimised
  endif()
  foreach(other IN LISTS arg_USES)
    target_link_libraries(test_${name} PRIVATE hocket::${other})
  endforeach()
  add_test(NAME ${name} COMMAND test_${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# hocket_interrupted_test(NAME [FILTER]): test_NAME once more, while 10,000 signals a second interrupt whatever calls the system.
function(hocket_interrupted_test name)
  add_test(NAME ${name}_interrupted COMMAND test_${name} --gtest_brief=1 ${ARGN})
  set_tests_properties(${name}_interrupted PROPERTIES ENVIRONMENT HOCKET_TEST_INTERRUPTS=10000 TIMEOUT 1200)
endfunction()

# hocket_program(NAME SOURCES ... USES ... LINKS ... [FOLDER sub]): a program under build/<preset>/bin or the named folder.
function(hocket_program name)
  cmake_parse_arguments(arg "" "FOLDER" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE hocket_build_options ${arg_LINKS})
  foreach(other IN LISTS arg_USES)
    target_link_libraries(${name} PRIVATE hocket::${other})
  endforeach()
  if(arg_FOLDER)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${arg_FOLDER})
  endif()
endfunction()

# hocket_link_statically(NAME): NAME starts without looking for shared libraries, but for the C library and what KEEPS names. Needs an
# archive of each library in C++, or it would have two C++ libraries in one process; where fmt has none, its headers make one.
function(hocket_link_statically name)
  cmake_parse_arguments(arg "" "" "KEEPS" ${ARGN})
  get_target_property(fmt_library fmt::fmt LOCATION)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" fmt_archive ${fmt_library})
  if(NOT EXISTS ${fmt_archive})
    if(NOT fmt_VERSION VERSION_LESS 10 OR fmt_VERSION VERSION_LESS 9)
      message(STATUS "${name} is linked with shared libraries: fmt ${fmt_VERSION} has no archive")
      return()
    endif()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/fmt_archive.cpp)
    set(drops fmt)  # else what the program lacks would be taken from it, and a second C++ library with it
  endif()
  list(JOIN arg_KEEPS "," keeps)
  set_property(TARGET ${name} PROPERTY RULE_LAUNCH_LINK "${PROJECT_SOURCE_DIR}/cmake/link_statically --keep=${keeps} --drop=${drops} --")
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/link_statically)
  target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc LINKER:--as-needed)
endfunction()
