#include "ke.h"

void check_threads(void)
{
}
