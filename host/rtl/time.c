/* Rtl: calendar time. System time counts 100 ns units from the start of 1601, Gregorian, UTC. */
#include "host/rtl/rtl.h"

#define UNITS_PER_SECOND      10000000ll
#define UNITS_PER_MILLISECOND 10000ll
#define SECONDS_PER_DAY       86400ll
#define SECONDS_1601_TO_1970  11644473600ll
#define SECONDS_1601_TO_1980  11960006400ll

enum { FIRST_YEAR = 1601, LAST_YEAR = 30827, DAYS_PER_400_YEARS = 146097 };

static BOOLEAN is_leap(LONG year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static LONG month_days(LONG year, LONG month)
{
    static const UCHAR days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month] + (month == 2 && is_leap(year));
}

/* Days from 1601-01-01 to January 1st of `year`. */
static LONGLONG days_before_year(LONG year)
{
    LONGLONG years = year - FIRST_YEAR;

    return years * 365 + years / 4 - years / 100 + years / 400;
}

static void set_clock(PTIME_FIELDS fields, LONGLONG time)
{
    LONGLONG milliseconds = time / UNITS_PER_MILLISECOND % (SECONDS_PER_DAY * 1000);

    fields->Hour = (CSHORT)(milliseconds / 3600000);
    fields->Minute = (CSHORT)(milliseconds / 60000 % 60);
    fields->Second = (CSHORT)(milliseconds / 1000 % 60);
    fields->Milliseconds = (CSHORT)(milliseconds % 1000);
}

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields)
{
    LONGLONG days = time->QuadPart / (SECONDS_PER_DAY * UNITS_PER_SECOND);
    LONG year = (LONG)(FIRST_YEAR + days * 400 / DAYS_PER_400_YEARS), month = 1;

    set_clock(fields, time->QuadPart);
    fields->Weekday = (CSHORT)((days + 1) % 7); /* 1601-01-01 was a Monday */
    while (days_before_year(year) > days)
        year--;
    while (days_before_year(year + 1) <= days)
        year++;
    days -= days_before_year(year);
    while (days >= month_days(year, month))
        days -= month_days(year, month++);
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)month;
    fields->Day = (CSHORT)(days + 1);
}
SB_EXPORT(RtlTimeToTimeFields)

/* A span of time: whole days in Day, no years and months. */
VOID NTAPI RtlTimeToElapsedTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields)
{
    set_clock(fields, time->QuadPart);
    fields->Year = 0;
    fields->Month = 0;
    fields->Day = (CSHORT)(time->QuadPart / (SECONDS_PER_DAY * UNITS_PER_SECOND));
    fields->Weekday = 0;
}
SB_EXPORT(RtlTimeToElapsedTimeFields)

static BOOLEAN is_valid_time(const TIME_FIELDS *fields)
{
    return fields->Year >= FIRST_YEAR && fields->Year <= LAST_YEAR && fields->Month >= 1 &&
           fields->Month <= 12 && fields->Day >= 1 &&
           fields->Day <= month_days(fields->Year, fields->Month) && fields->Hour >= 0 &&
           fields->Hour <= 23 && fields->Minute >= 0 && fields->Minute <= 59 &&
           fields->Second >= 0 && fields->Second <= 59 && fields->Milliseconds >= 0 &&
           fields->Milliseconds <= 999;
}

/* Weekday is not looked at. */
BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS fields, PLARGE_INTEGER time)
{
    LONGLONG days, seconds;

    if (!is_valid_time(fields))
        return FALSE;
    days = days_before_year(fields->Year) + fields->Day - 1;
    for (LONG month = 1; month < fields->Month; month++)
        days += month_days(fields->Year, month);
    seconds = days * SECONDS_PER_DAY + fields->Hour * 3600 + fields->Minute * 60 + fields->Second;
    time->QuadPart = seconds * UNITS_PER_SECOND + fields->Milliseconds * UNITS_PER_MILLISECOND;
    return TRUE;
}
SB_EXPORT(RtlTimeFieldsToTime)

/* False for a time that does not fit in a ULONG of seconds. */
static BOOLEAN seconds_since(PLARGE_INTEGER time, LONGLONG epoch, PULONG seconds)
{
    LONGLONG elapsed = time->QuadPart / UNITS_PER_SECOND - epoch;

    if (elapsed < 0 || elapsed > MAXULONG)
        return FALSE;
    *seconds = (ULONG)elapsed;
    return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER time, PULONG seconds)
{
    return seconds_since(time, SECONDS_1601_TO_1970, seconds);
}
SB_EXPORT(RtlTimeToSecondsSince1970)

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER time, PULONG seconds)
{
    return seconds_since(time, SECONDS_1601_TO_1980, seconds);
}
SB_EXPORT(RtlTimeToSecondsSince1980)

VOID NTAPI RtlSecondsSince1970ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    time->QuadPart = (seconds + SECONDS_1601_TO_1970) * UNITS_PER_SECOND;
}
SB_EXPORT(RtlSecondsSince1970ToTime)

VOID NTAPI RtlSecondsSince1980ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    time->QuadPart = (seconds + SECONDS_1601_TO_1980) * UNITS_PER_SECOND;
}
SB_EXPORT(RtlSecondsSince1980ToTime)
