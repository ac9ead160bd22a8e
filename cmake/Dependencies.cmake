# Everything else comes from Debian's packages; scripts/setup installs them.
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
# By its flag instead of OpenMP::OpenMP_CXX, which links the compiler's libgomp by its full path: at run time LibTorch's own
# copy serves, and there must be only one.
add_library(skipbench_openmp INTERFACE)
target_compile_options(skipbench_openmp INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${OpenMP_CXX_FLAGS}>)
target_link_options(skipbench_openmp INTERFACE ${OpenMP_CXX_FLAGS})
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(TIFF 4.5 REQUIRED)
find_package(GIF REQUIRED)
find_package(ZLIB REQUIRED)
find_library(ZIP_LIBRARY zip REQUIRED)
find_library(SENTENCEPIECE_LIBRARY sentencepiece REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_library(LMDB_LIBRARY lmdb REQUIRED)
find_library(WEBP_LIBRARY webp REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
set(HDF5_PREFER_PARALLEL OFF)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PANGO REQUIRED IMPORTED_TARGET pangocairo>=1.50 pangoft2 fontconfig)

# Letters on pictures: skipbench says what it has no font for when it draws; who builds it shall know before.
foreach(font DejaVuSans.ttf Lohit-Devanagari.ttf wqy-microhei.ttc Symbola_hint.ttf)
  file(GLOB_RECURSE found /usr/share/fonts/*/${font} /usr/local/share/fonts/*/${font})
  if(NOT found)
    message(NOTICE "Fonts: no ${font} (Debian: fonts-dejavu-core, fonts-lohit-deva, fonts-wqy-microhei, fonts-symbola; scripts/setup installs them); captions in "
      "scripts that no other font has will be boxes (skipbench doctor names them)")
  endif()
endforeach()

# MP4 files written, and videos read. Optional: without libav skipbench says so when it is asked for one.
option(SKIPBENCH_MP4 "Write MP4 files and read videos through libav, where it is installed" ON)
if(SKIPBENCH_MP4)
  pkg_check_modules(LIBAV QUIET IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
endif()
if(TARGET PkgConfig::LIBAV)
  message(STATUS "MP4: libavformat ${LIBAV_libavformat_VERSION}")
else()
  message(STATUS "MP4: no (libavformat-dev and libswscale-dev are not installed, or SKIPBENCH_MP4 is off)")
endif()

add_library(skipbench_hdf5 INTERFACE)
target_include_directories(skipbench_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(skipbench_hdf5 INTERFACE ${HDF5_C_LIBRARIES})

# LibTorch's wheel brings headers of another fmt, and its include folder would come before /usr/include. A folder of our own
# that holds nothing but a link to the installed fmt comes before both, so that the whole program uses one version.
get_target_property(fmt_include_dir fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/installed_fmt)
file(CREATE_LINK ${fmt_include_dir}/fmt ${CMAKE_BINARY_DIR}/installed_fmt/fmt SYMBOLIC)
add_library(skipbench_fmt INTERFACE)
target_include_directories(skipbench_fmt INTERFACE ${CMAKE_BINARY_DIR}/installed_fmt)
target_link_libraries(skipbench_fmt INTERFACE fmt::fmt)
