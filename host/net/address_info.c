/* Names to addresses, looked up by Linux on a worker thread. */
#include "host/ex/ex.h"
#include "host/mm/mm.h"
#include "host/net/net.h"

enum { NET_LOOKUP_TAG = 0x416b7357, MOST_ADDRESSES = 16, LONGEST_NAME = 256 };

struct lookup {
    PIRP irp;
    PADDRINFOEXW *result;
    INT flags, family, type, protocol;
    BOOLEAN has_node, has_service;
    char node[LONGEST_NAME], service[LONGEST_NAME];
};

/* One entry of the answer with its address. In pool. */
struct entry {
    ADDRINFOEXW info;
    SOCKADDR_STORAGE address;
};

VOID WSKAPI wsk_free_address_info(PWSK_CLIENT client, PADDRINFOEXW list)
{
    while (list) {
        PADDRINFOEXW next = list->ai_next;
        ExFreePoolWithTag(CONTAINING_RECORD(list, struct entry, info), NET_LOOKUP_TAG);
        list = next;
    }
}

static NTSTATUS make_list(const struct lookup *lookup, const struct linux_socket_address *addresses,
                          int count, PADDRINFOEXW *list)
{
    PADDRINFOEXW *link = list;
    *list = NULL;
    for (int i = 0; i < count; i++) {
        struct entry *entry =
            mm_pool_allocate_zero(current_machine(), sizeof(*entry), NET_LOOKUP_TAG);
        if (!entry) {
            wsk_free_address_info(NULL, *list);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        address_give((PSOCKADDR)&entry->address, &addresses[i]);
        entry->info.ai_family = address_family(&addresses[i]);
        entry->info.ai_socktype = lookup->type;
        entry->info.ai_protocol = lookup->protocol;
        entry->info.ai_addrlen = linux_socket_address_size(address_family(&addresses[i]));
        entry->info.ai_addr = (struct sockaddr *)&entry->address;
        *link = &entry->info;
        link = &entry->info.ai_next;
    }
    return STATUS_SUCCESS;
}

static VOID NTAPI look_up(PVOID context)
{
    struct lookup lookup = *(struct lookup *)context;
    struct linux_socket_address addresses[MOST_ADDRESSES];
    PADDRINFOEXW list = NULL;
    linux_free(context);
    int count = linux_resolve(lookup.has_node ? lookup.node : NULL,
                              lookup.has_service ? lookup.service : NULL, (uint16_t)lookup.family,
                              lookup.flags & AI_PASSIVE, lookup.flags & AI_NUMERICHOST, addresses,
                              MOST_ADDRESSES);
    NTSTATUS status = count == -LINUX_SOCKET_UNREACHABLE ? STATUS_NOT_FOUND : socket_status(count);
    if (NT_SUCCESS(status))
        status = make_list(&lookup, addresses, count, &list);
    if (NT_SUCCESS(status))
        *lookup.result = list;
    lookup.irp->IoStatus.Status = status;
    lookup.irp->IoStatus.Information = 0;
    IoCompleteRequest(lookup.irp, IO_NO_INCREMENT);
}

static BOOLEAN take_name(char *to, BOOLEAN *has, PUNICODE_STRING name)
{
    ULONG length = 0;
    *has = name && name->Length;
    return !*has || (NT_SUCCESS(RtlUnicodeToUTF8N(to, LONGEST_NAME - 1, &length, name->Buffer,
                                                  name->Length)) &&
                     length < LONGEST_NAME);
}

NTSTATUS WSKAPI wsk_get_address_info(PWSK_CLIENT client, PUNICODE_STRING node,
                                     PUNICODE_STRING service, ULONG name_space, GUID *provider,
                                     PADDRINFOEXW hints, PADDRINFOEXW *result, PEPROCESS process,
                                     PETHREAD thread, PIRP irp)
{
    if (!irp)
        return STATUS_INVALID_PARAMETER;
    if (!result || (!node && !service))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    struct lookup *lookup = linux_allocate(sizeof(*lookup));
    if (!lookup)
        return irp_answer(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (!take_name(lookup->node, &lookup->has_node, node) ||
        !take_name(lookup->service, &lookup->has_service, service)) {
        linux_free(lookup);
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    }
    if (hints) {
        lookup->flags = hints->ai_flags;
        lookup->family = hints->ai_family;
        lookup->type = hints->ai_socktype;
        lookup->protocol = hints->ai_protocol;
    }
    lookup->irp = irp;
    lookup->result = result;
    irp_take(irp);
    IoMarkIrpPending(irp);
    ex_queue_work(current_machine(), look_up, lookup, irp);
    return STATUS_PENDING;
}
