# find_package(hocket): targets hocket::hocket (floors 0 to 4), hocket::http, hocket::crawl, and one for each folder.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(nlohmann_json)
find_dependency(PkgConfig)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(libpsl REQUIRED IMPORTED_TARGET libpsl)
include(${CMAKE_CURRENT_LIST_DIR}/hocketTargets.cmake)
