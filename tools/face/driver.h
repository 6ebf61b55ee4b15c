/*
 * The words of pcap-slim(1): a configuration file, then the command line, which wins; and what goes together.
 */
#ifndef PCAPSLIM_DRIVER_H
#define PCAPSLIM_DRIVER_H

#include "options.h"

/*
 * Take the words (a NULL behind the last). usual: the configuration file where they name none, which need not be there;
 * NULL: none. With --help or --version nothing else is looked at but whether there are such options. Warns of what has
 * no effect. o: must stay in memory as long as the process. Returns 0, or CLI_MISUSE after having said why.
 */
int driver_take(struct options *o, const char *usual, char **words);

#endif
