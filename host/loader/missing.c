/*
 * Imports that the host does not have, when the machine is to load drivers regardless: each is
 * bound to an address of its own where nothing is, so that a call, and the use of a variable,
 * faults there.
 */
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/linux/peek.h"
#include "host/loader/loader.h"

enum { TRAP_STRIDE = 256, PAGE = 0x1000, TEXT_SIZE = 160 };

struct missing_import {
    char text[TEXT_SIZE]; /* "module!name": a copy, for import tables may be discarded */
    uint32_t slot;
};

NTSTATUS missing_note(struct loaded_image *image, const struct pe_import_entry *import)
{
    void *grown =
        linux_reallocate(image->missing, (image->missing_count + 1) * sizeof(*image->missing));
    if (!grown)
        return STATUS_INSUFFICIENT_RESOURCES;
    image->missing = grown;
    struct missing_import *missing = &image->missing[image->missing_count++];
    missing->slot = import->slot;
    if (import->name)
        text_format(missing->text, TEXT_SIZE, "%s!%s", import->module, import->name);
    else
        text_format(missing->text, TEXT_SIZE, "%s!#%u", import->module, import->ordinal);
    return STATUS_SUCCESS;
}

static SIZE_T traps_size(const struct loaded_image *image)
{
    return ((SIZE_T)image->missing_count * TRAP_STRIDE + PAGE - 1) & ~(SIZE_T)(PAGE - 1);
}

NTSTATUS missing_bind(struct loaded_image *image)
{
    if (image->missing_count == 0)
        return STATUS_SUCCESS;
    image->traps = linux_pages_reserve(LINUX_ARENA_KERNEL, NULL, traps_size(image), PAGE);
    if (!image->traps)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < image->missing_count; i++) {
        const uint8_t *trap = image->traps + i * TRAP_STRIDE;
        __builtin_memcpy(pe_at(&image->pe, image->missing[i].slot, sizeof(trap)), &trap,
                         sizeof(trap));
    }
    return STATUS_SUCCESS;
}

void missing_free(struct loaded_image *image)
{
    if (image->traps)
        linux_pages_unmap(image->traps, traps_size(image));
    linux_free(image->missing);
}

static const struct loaded_image *find_trap(struct machine *machine, uint64_t address)
{
    struct loader_state *loader = machine->loader;
    const struct loaded_image *found = NULL;
    linux_lock(&loader->lock);
    for (PLIST_ENTRY link = loader->images.Flink; link != &loader->images && !found;
         link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (image->traps && address - (uint64_t)image->traps < image->missing_count * TRAP_STRIDE)
            found = image;
    }
    linux_unlock(&loader->lock);
    return found;
}

/* The instruction that used it: behind a call, the return address is on the stack. */
static uint64_t culprit(const struct linux_fault *fault)
{
    uint64_t caller = fault->registers.rip;
    if (fault->execute)
        (void)linux_peek(fault->registers.rsp, &caller, sizeof(caller));
    return caller;
}

void missing_check(struct machine *machine, const struct linux_fault *fault)
{
    enum { reading, writing, executing = 8 };
    const struct loaded_image *image = find_trap(machine, fault->address);
    char reason[TEXT_SIZE + 128];
    if (!image)
        return;
    uint64_t index = (fault->address - (uint64_t)image->traps) / TRAP_STRIDE;
    text_format(reason, sizeof(reason), "%s %s %s, which the host does not have", image->name,
                fault->execute ? "calls" : "uses the variable", image->missing[index].text);
    /* The code is the status with which the driver would not have been loaded. */
    ULONG_PTR parameters[4] = {fault->address,
                               fault->execute ? executing : (fault->write ? writing : reading),
                               culprit(fault), (ULONG_PTR)image->base};
    ke_bug_check_because((ULONG)STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, parameters, culprit(fault),
                         &fault->registers, reason);
}
