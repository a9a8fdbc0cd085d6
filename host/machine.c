#include "host/mm/mm.h"
