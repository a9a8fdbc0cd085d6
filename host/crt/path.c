/* C runtime: paths. */
#include "host/crt/crt.h"

#define UNIT     char
#define SPLIT    _splitpath_s
#define MAKE     _makepath_s
#define NAMED(x) narrow_##x
#include "host/crt/path_template.h"
#undef UNIT
#undef SPLIT
#undef MAKE
#undef NAMED

#define UNIT     WCHAR
#define SPLIT    _wsplitpath_s
#define MAKE     _wmakepath_s
#define NAMED(x) wide_##x
#include "host/crt/path_template.h"

SB_EXPORT(_makepath_s)
SB_EXPORT(_splitpath_s)
SB_EXPORT(_wmakepath_s)
SB_EXPORT(_wsplitpath_s)
