# sysbuf_test_driver(NAME [SOURCE FILE] [LIBRARIES ...]): builds tests/drivers/NAME/*.c, or the one
# file of tests/drivers, into ${SYSBUF_TEST_DRIVERS}/NAME-gcc.sys and NAME-clang.sys with the cross
# compilers.
set(SYSBUF_TEST_DRIVERS ${CMAKE_BINARY_DIR}/drivers)
set(SYSBUF_DRIVER_FLAGS -std=c11 -Wno-array-bounds -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter
  -Wno-unknown-pragmas -ffreestanding -fno-stack-protector -fms-extensions -fasynchronous-unwind-tables
  -I${SYSBUF_MINGW_INCLUDE}/ddk -I${PROJECT_SOURCE_DIR}/tests/drivers -I${PROJECT_SOURCE_DIR}/include -D_WIN32_WINNT=0x0A00)
set(SYSBUF_DRIVER_LINK -shared -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry
  -Wl,--dynamicbase -Wl,--exclude-all-symbols)

# (mingw's headers give clang some intrinsics as ordinary functions in every file.)
function(sysbuf_test_driver name)
  cmake_parse_arguments(driver "" "SOURCE" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/drivers/${name}/*.c)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/drivers/*.h
    ${PROJECT_SOURCE_DIR}/tests/drivers/${name}/*.h)
  if(driver_SOURCE)
    set(sources ${PROJECT_SOURCE_DIR}/tests/drivers/${driver_SOURCE})
  endif()
  set(libraries -L/usr/x86_64-w64-mingw32/lib -lntoskrnl -lhal)
  foreach(library ${driver_LIBRARIES})
    list(APPEND libraries -l${library})
  endforeach()
  set(gcc ${SYSBUF_TEST_DRIVERS}/${name}-gcc.sys)
  set(clang ${SYSBUF_TEST_DRIVERS}/${name}-clang.sys)
  add_custom_command(OUTPUT ${gcc}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${SYSBUF_TEST_DRIVERS}
    COMMAND x86_64-w64-mingw32-gcc ${SYSBUF_DRIVER_FLAGS} ${sources} -o ${gcc}
      ${SYSBUF_DRIVER_LINK} ${libraries} -lgcc
    DEPENDS ${sources} ${headers} VERBATIM)
  add_custom_command(OUTPUT ${clang}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${SYSBUF_TEST_DRIVERS}
    COMMAND clang --target=x86_64-w64-windows-gnu -fuse-ld=lld ${SYSBUF_DRIVER_FLAGS}
      -Wno-microsoft -Wno-pragma-pack -Wno-ignored-attributes ${sources} -o ${clang}
      ${SYSBUF_DRIVER_LINK} -Wl,--allow-multiple-definition ${libraries}
    DEPENDS ${sources} ${headers} VERBATIM)
  add_custom_target(driver-${name} ALL DEPENDS ${gcc} ${clang})
endfunction()

# The corpus of mistakes: each tests/drivers/defects/NAME.c becomes eight drivers,
# ${SYSBUF_DEFECTS}/NAME-{bad,good}-{gcc,clang}-{O0,O2}.sys, with the mistake and without.
set(SYSBUF_DEFECTS ${CMAKE_BINARY_DIR}/defects)
function(sysbuf_defects)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/drivers/defects/*.c)
  set(header ${PROJECT_SOURCE_DIR}/tests/drivers/defects/defect.h)
  set(build ${PROJECT_SOURCE_DIR}/tests/drivers/defects/build.sh)
  set(images)
  add_custom_command(OUTPUT ${SYSBUF_DEFECTS}/headers.stamp
    COMMAND ${build} headers ${SYSBUF_DEFECTS} ${SYSBUF_DRIVER_FLAGS}
    COMMAND ${CMAKE_COMMAND} -E touch ${SYSBUF_DEFECTS}/headers.stamp
    DEPENDS ${build} VERBATIM)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    set(stamp ${SYSBUF_DEFECTS}/${name}.stamp)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${build} ${source} ${SYSBUF_DEFECTS} ${SYSBUF_DRIVER_FLAGS}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${source} ${header} ${build} ${SYSBUF_DEFECTS}/headers.stamp VERBATIM)
    list(APPEND images ${stamp})
  endforeach()
  add_custom_target(defects ALL DEPENDS ${images})
endfunction()
