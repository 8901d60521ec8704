# find_package(phygital): the targets phygital::phygital (shared) and phygital::static.

get_filename_component(_phygital_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_phygital_include "${_phygital_lib}/../include" ABSOLUTE)

if(NOT TARGET phygital::phygital)
    add_library(phygital::phygital SHARED IMPORTED)
    set_target_properties(phygital::phygital PROPERTIES
        IMPORTED_LOCATION "${_phygital_lib}/libphygital.so"
        INTERFACE_INCLUDE_DIRECTORIES "${_phygital_include}")
    add_library(phygital::static STATIC IMPORTED)
    set_target_properties(phygital::static PROPERTIES
        IMPORTED_LOCATION "${_phygital_lib}/libphygital.a"
        INTERFACE_INCLUDE_DIRECTORIES "${_phygital_include}"
        INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl")
endif()
unset(_phygital_lib)
unset(_phygital_include)
