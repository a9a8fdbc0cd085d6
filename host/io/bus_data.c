/* Buses of hal.dll's time: this machine has none, so each is one that does not exist. */
#include "host/io/io.h"

ULONG NTAPI nt_HalGetBusDataByOffset(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer,
                                     ULONG offset, ULONG length)
{
    return 0; /* as documented for a bus that is not there */
}
SB_EXPORT_AS("HalGetBusDataByOffset", nt_HalGetBusDataByOffset)
SB_EXPORT_AS("HalSetBusDataByOffset", nt_HalGetBusDataByOffset)

ULONG NTAPI nt_HalGetBusData(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG length)
{
    return 0;
}
SB_EXPORT_AS("HalGetBusData", nt_HalGetBusData)
SB_EXPORT_AS("HalSetBusData", nt_HalGetBusData)

BOOLEAN NTAPI nt_HalTranslateBusAddress(INTERFACE_TYPE kind, ULONG bus, PHYSICAL_ADDRESS address,
                                        PULONG space, PPHYSICAL_ADDRESS translated)
{
    return FALSE;
}
SB_EXPORT_AS("HalTranslateBusAddress", nt_HalTranslateBusAddress)

/* No vector: 0. */
ULONG NTAPI nt_HalGetInterruptVector(INTERFACE_TYPE kind, ULONG bus, ULONG level, ULONG vector,
                                     PKIRQL irql, PKAFFINITY affinity)
{
    *irql = PASSIVE_LEVEL;
    *affinity = 0;
    return 0;
}
SB_EXPORT_AS("HalGetInterruptVector", nt_HalGetInterruptVector)
