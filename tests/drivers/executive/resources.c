#include "executive.h"

struct scene {
    ERESOURCE resource;
    KEVENT go;
    BOOLEAN exclusive, acquired;
    LONG order, place; /* order of arrival */
};

static VOID NTAPI acquire_and_hold(PVOID context)
{
    struct scene *scene = context;
    KeEnterCriticalRegion();
    if (scene->exclusive)
        ExAcquireResourceExclusiveLite(&scene->resource, TRUE);
    else
        ExAcquireResourceSharedLite(&scene->resource, TRUE);
    scene->acquired = TRUE;
    KeWaitForSingleObject(&scene->go, Executive, KernelMode, FALSE, NULL);
    ExReleaseResourceLite(&scene->resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI try_both(PVOID context)
{
    struct scene *scene = context;
    KeEnterCriticalRegion();
    scene->exclusive = ExAcquireResourceExclusiveLite(&scene->resource, FALSE);
    scene->acquired = ExAcquireResourceSharedLite(&scene->resource, FALSE);
    if (scene->acquired)
        ExReleaseResourceLite(&scene->resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static struct scene *scene_create(void)
{
    struct scene *scene = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*scene), TAG);
    RtlZeroMemory(scene, sizeof(*scene));
    CHECK_STATUS(STATUS_SUCCESS, ExInitializeResourceLite(&scene->resource));
    KeInitializeEvent(&scene->go, NotificationEvent, FALSE);
    return scene;
}

static void scene_delete(struct scene *scene)
{
    CHECK_STATUS(STATUS_SUCCESS, ExDeleteResourceLite(&scene->resource));
    ExFreePoolWithTag(scene, TAG);
}

void check_resource_recursion(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    PERESOURCE resource = &scene->resource;
    CHECK(ExAcquireResourceExclusiveLite(resource, FALSE));
    CHECK(ExAcquireResourceExclusiveLite(resource, TRUE));
    CHECK(ExAcquireResourceSharedLite(resource, TRUE)); /* the owner may share too */
    CHECK(ExIsResourceAcquiredExclusiveLite(resource));
    CHECK(ExIsResourceAcquiredSharedLite(resource) == 3);
    ExReleaseResourceLite(resource);
    ExReleaseResourceLite(resource);
    CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
    ExReleaseResourceLite(resource);
    CHECK(ExIsResourceAcquiredSharedLite(resource) == 0 && resource->ActiveCount == 0);
    scene_delete(scene);
    KeLeaveCriticalRegion();
}

void check_resource_conversion(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    PERESOURCE resource = &scene->resource;
    CHECK(ExAcquireResourceExclusiveLite(resource, FALSE));
    ExConvertExclusiveToSharedLite(resource);
    CHECK(!ExIsResourceAcquiredExclusiveLite(resource));
    CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
    CHECK(!ExAcquireResourceExclusiveLite(resource, FALSE)); /* shared by the caller itself */
    ExReleaseResourceLite(resource);
    CHECK(ExIsResourceAcquiredSharedLite(resource) == 0 && resource->ActiveCount == 0);
    scene_delete(scene);
    KeLeaveCriticalRegion();
}

void check_resource_exclusion(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    ExAcquireResourceExclusiveLite(&scene->resource, TRUE);
    join(start_thread(try_both, scene));
    CHECK(!scene->exclusive && !scene->acquired);
    ExReleaseResourceLite(&scene->resource);
    ExAcquireResourceSharedLite(&scene->resource, TRUE);
    join(start_thread(try_both, scene));
    CHECK(!scene->exclusive && scene->acquired);
    ExReleaseResourceLite(&scene->resource);
    scene_delete(scene);
    KeLeaveCriticalRegion();
}

/* A waiting writer holds up new readers, but not those who already read or are told to starve it.
 */
void check_resource_writer(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    PERESOURCE resource = &scene->resource;
    ExAcquireResourceSharedLite(resource, TRUE);
    scene->exclusive = TRUE;
    PKTHREAD writer = start_thread(acquire_and_hold, scene);
    while (ExGetExclusiveWaiterCount(resource) == 0)
        sleep_a_moment();
    CHECK(!scene->acquired);
    CHECK(ExAcquireResourceSharedLite(resource, FALSE));
    ExReleaseResourceLite(resource);
    CHECK(ExAcquireSharedStarveExclusive(resource, FALSE));
    ExReleaseResourceLite(resource);
    CHECK(!ExAcquireSharedWaitForExclusive(resource, FALSE));
    struct scene *reader = scene_create();
    join(start_thread(try_both, scene));
    CHECK(!scene->acquired);
    ExReleaseResourceLite(resource);
    while (!scene->acquired)
        sleep_a_moment();
    CHECK(!ExAcquireResourceSharedLite(resource, FALSE));
    KeSetEvent(&scene->go, IO_NO_INCREMENT, FALSE);
    join(writer);
    CHECK(resource->ActiveCount == 0 && ExGetExclusiveWaiterCount(resource) == 0);
    scene_delete(reader);
    scene_delete(scene);
    KeLeaveCriticalRegion();
}

void check_resource_readers(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    PKTHREAD readers[3];
    ExAcquireResourceExclusiveLite(&scene->resource, TRUE);
    KeSetEvent(&scene->go, IO_NO_INCREMENT, FALSE);
    for (int i = 0; i < 3; i++)
        readers[i] = start_thread(acquire_and_hold, scene);
    while (ExGetSharedWaiterCount(&scene->resource) < 3)
        sleep_a_moment();
    ExReleaseResourceLite(&scene->resource);
    for (int i = 0; i < 3; i++)
        join(readers[i]);
    CHECK(scene->resource.ActiveCount == 0 && ExGetSharedWaiterCount(&scene->resource) == 0);
    CHECK(scene->resource.ContentionCount == 3);
    scene_delete(scene);
    KeLeaveCriticalRegion();
}

static VOID NTAPI release_for(PVOID context)
{
    struct scene *scene = context;
    ExReleaseResourceForThreadLite(&scene->resource, (ERESOURCE_THREAD)scene | 3);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void check_resource_owner(void)
{
    KeEnterCriticalRegion();
    struct scene *scene = scene_create();
    ExAcquireResourceExclusiveLite(&scene->resource, TRUE);
    ExSetResourceOwnerPointer(&scene->resource, (PVOID)((ULONG_PTR)scene | 3));
    CHECK(!ExIsResourceAcquiredExclusiveLite(&scene->resource));
    join(start_thread(release_for, scene));
    CHECK(scene->resource.ActiveCount == 0);
    ExEnterCriticalRegionAndAcquireResourceExclusive(&scene->resource);
    CHECK(KeAreApcsDisabled() && ExIsResourceAcquiredExclusiveLite(&scene->resource));
    ExReleaseResourceAndLeaveCriticalRegion(&scene->resource);
    ExEnterCriticalRegionAndAcquireResourceShared(&scene->resource);
    CHECK(ExIsResourceAcquiredSharedLite(&scene->resource) == 1);
    ExReleaseResourceAndLeaveCriticalRegion(&scene->resource);
    CHECK_STATUS(STATUS_SUCCESS, ExReinitializeResourceLite(&scene->resource));
    scene_delete(scene);
    KeLeaveCriticalRegion();
}
