/* Semaphore objects come from applications only; the type is for references. */
#include "host/ob/object.h"

enum { QUERY_RIGHT = 1, MODIFY_RIGHT = 2 };

static PKEVENT itself(void *object)
{
    return object;
}

OBJECT_TYPE ex_semaphore_type = {
    .name = RTL_CONSTANT_STRING(L"Semaphore"),
    .mapping = {STANDARD_RIGHTS_READ | QUERY_RIGHT, STANDARD_RIGHTS_WRITE | MODIFY_RIGHT,
                STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
    .valid_access = SEMAPHORE_ALL_ACCESS,
    .waitable = itself};
SB_EXPORT_DATA("ExSemaphoreObjectType", semaphore_object_type)
