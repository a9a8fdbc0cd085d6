/*
 * DMA adapters. Logical addresses are physical ones, as on a PC without an IOMMU; a device that
 * cannot reach a page, or wants one run of addresses, gets map registers: pages of the adapter's
 * own, below the device's limit and in one run, with the data copied there and back.
 *
 * dma.c: adapters and common buffers; dma_registers.c: who has the channel and the map registers;
 * dma_map.c: transfers; dma_list.c: scatter/gather lists.
 */
#ifndef SYSBUF_HOST_DMA_H
#define SYSBUF_HOST_DMA_H

#include "host/machine.h"

struct dma_adapter {
    DMA_ADAPTER adapter; /* what the driver has */
    DMA_OPERATIONS operations;
    ULONG register_count;   /* the most one transfer gets */
    BOOLEAN gathers;        /* the device takes lists of addresses */
    uint64_t highest;       /* address that the device reaches */
    uint8_t *pages;         /* the map registers' memory; NULL: they are never needed */
    struct linux_lock lock; /* the fields below; a leaf */
    RTL_BITMAP used;        /* map registers */
    ULONG *used_bits;
    LIST_ENTRY waiting;          /* struct dma_request.link */
    struct dma_request *channel; /* whose routine runs, or who keeps the adapter; NULL: nobody */
    uint64_t turn;               /* counts who had the channel */
};

/* A part of a transfer that lies in map registers. */
struct dma_copy {
    PMDL mdl;
    uint8_t *address; /* the driver's CurrentVa: an index into the MDL */
    ULONG length;
    ULONG offset; /* in the request's registers, bytes */
};

/* The map registers of one transfer: a driver's MapRegisterBase. */
struct dma_request {
    LIST_ENTRY link;
    struct dma_adapter *adapter;
    PDEVICE_OBJECT device;
    PIRP irp;
    PDRIVER_CONTROL routine;
    PVOID context;
    ULONG count, first; /* registers; first is valid when the adapter has pages */
    BOOLEAN is_owned;   /* memory of its own, not part of a list */
    BOOLEAN copies_all; /* whatever the device could reach */
    ULONG used;         /* bytes of the registers */
    ULONG copy_count;
    struct dma_copy copies[]; /* count of them: each takes a page, or follows one */
};

static inline struct dma_adapter *dma_adapter_of(PDMA_ADAPTER adapter)
{
    return CONTAINING_RECORD(adapter, struct dma_adapter, adapter);
}

static inline SIZE_T dma_request_size(ULONG registers)
{
    return sizeof(struct dma_request) + registers * sizeof(struct dma_copy);
}

/* ---- registers; DISPATCH_LEVEL ---- */
/* Calls the request's routine once the adapter and its registers are free, now or later. */
void dma_request_start(struct dma_request *request);
/* Gives the registers back; the request's memory goes too, if it is its own. */
void dma_request_release(struct dma_request *request);
NTSTATUS NTAPI dma_allocate_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, ULONG registers,
                                    PDRIVER_CONTROL routine, PVOID context);
VOID NTAPI dma_free_channel(PDMA_ADAPTER adapter);
VOID NTAPI dma_free_registers(PDMA_ADAPTER adapter, PVOID base, ULONG count);

/* ---- transfers; IRQL <= DISPATCH_LEVEL ---- */
/* The logical address of the MDL's bytes from address on; *length becomes how many of them follow
 * it in one run. */
PHYSICAL_ADDRESS dma_map(struct dma_request *request, PMDL mdl, uint8_t *address, ULONG *length,
                         BOOLEAN to_device);
/* What the device wrote goes to where it belongs; the registers are empty afterwards. */
void dma_flush(struct dma_request *request, PMDL mdl, uint8_t *address, ULONG length,
               BOOLEAN to_device);
/* Can the device reach all of it, in one run if it must? */
BOOLEAN dma_is_reachable(const struct dma_adapter *adapter, PMDL mdl, uint8_t *address,
                         ULONG length);
PHYSICAL_ADDRESS NTAPI dma_map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                        PULONG length, BOOLEAN to_device);
BOOLEAN NTAPI dma_flush_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                ULONG length, BOOLEAN to_device);

/* ---- lists ---- */
NTSTATUS NTAPI dma_list_get(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                            ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                            BOOLEAN to_device);
VOID NTAPI dma_list_put(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN to_device);
NTSTATUS NTAPI dma_list_calculate(PDMA_ADAPTER adapter, PMDL mdl, PVOID address, ULONG length,
                                  PULONG size, PULONG registers);
NTSTATUS NTAPI dma_list_build(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                              ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                              BOOLEAN to_device, PVOID buffer, ULONG size);
NTSTATUS NTAPI dma_list_mdl(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, PMDL original,
                            PMDL *target);

#endif
