/*
 * Assignments for sh(1), on standard output: what pcap-plan says to the driver.
 */
#ifndef PCAPSLIM_ASSIGNMENTS_H
#define PCAPSLIM_ASSIGNMENTS_H

#include "text.h"

#include <stdbool.h>

/* name='value', whatever is in the value. value: NULL where there was no memory for it, which is remembered. */
void assign(const char *name, const char *value);

/* The same with an empty value unless it is there. */
void assign_if(const char *name, bool there, const char *value);

void assign_number(const char *name, unsigned long number);

/* A list that the shell takes apart with eval: " --option='value'" for each of the values, of which NULL is the last.
 */
void assign_each(const char *name, const char *option, const char *const *values);

/* Add a value in quotes, so that whatever is in it is nothing to the shell. */
void assign_quote(struct text *to, const char *value);

/* Whether any value was lost because memory ran out: a plan that lacks something is none. */
bool assign_lost(void);

#endif
