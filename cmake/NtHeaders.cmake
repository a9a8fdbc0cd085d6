# sysbuf_nt_headers: an interface library for sources that include <ntifs.h> and are compiled
# natively on x86-64 Linux. The kernel headers of mingw-w64 stand in for the system's own; what they
# declare has Windows' sizes, layouts and calling convention. Such a source includes no libc header.
include_guard(GLOBAL)

find_path(SYSBUF_MINGW_INCLUDE ddk/ntifs.h
  PATHS /usr/x86_64-w64-mingw32/include /usr/share/mingw-w64/include NO_DEFAULT_PATH)
if(NOT SYSBUF_MINGW_INCLUDE)
  message(FATAL_ERROR "sysbuf: ddk/ntifs.h is not there. Install gcc-mingw-w64-x86-64.")
endif()
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
  OUTPUT_VARIABLE compiler_include OUTPUT_STRIP_TRAILING_WHITESPACE)

add_library(sysbuf_nt_headers INTERFACE)
set(abi "__attribute__((ms_abi))")
target_compile_options(sysbuf_nt_headers INTERFACE
  -nostdinc
  "SHELL:-isystem ${SYSBUF_MINGW_INCLUDE}/ddk"
  "SHELL:-isystem ${SYSBUF_MINGW_INCLUDE}"
  "SHELL:-isystem ${compiler_include}"
  -fshort-wchar -fms-extensions
  -D_WIN32 -D_WIN64 -D__MINGW32__ -D__MINGW64__ -D_AMD64_ -D_WIN32_WINNT=0x0A00
  -D__INTRIN_H_
  "-D__declspec(x)=__attribute__((x))"
  "-D__cdecl=${abi}" "-D__stdcall=${abi}" "-D__fastcall=${abi}"
  -Wno-unused-value -Wno-unknown-pragmas -Wno-multichar -Wno-attributes)
