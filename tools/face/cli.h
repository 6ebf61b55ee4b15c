/*
 * What every program's face needs: messages, signals, a checked end of standard output. Programs only; the
 * library does none of this.
 */
#ifndef PCAPSLIM_CLI_H
#define PCAPSLIM_CLI_H

#include <signal.h>
#include <stdbool.h>

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1, /* the answer is no, or a file failed */
    CLI_MISUSE = 2,
};

/* Raised to the signal's number by SIGINT, SIGTERM, SIGHUP or SIGQUIT once cli_catch_signals() was called. */
extern volatile sig_atomic_t cli_interrupted;

/*
 * First call of every main: sees to it that no file gets the number of a standard descriptor that is
 * not there, remembers the program's name for messages, ignores SIGIO (see replace.h) and SIGUSR1 (which
 * asks a run for its progress: pcap-report catches it), and finds out whether messages go to the journal.
 */
void cli_start(const char *program);

/* How much a line of standard error matters: the levels of syslog(3). */
enum cli_level {
    CLI_ERROR = 3,
    CLI_WARNING = 4,
    CLI_INFO = 6,
};

/*
 * What goes before a line of that level: "<3>" and so on (sd-daemon(3)) where standard error is the journal
 * ($JOURNAL_STREAM) or $PCAP_SLIM_LOG is "journal"; else, and always where that is "plain", nothing.
 */
const char *cli_level(enum cli_level level);

/* Whether nothing is to be said but what failed: $PCAP_SLIM_QUIET is set. Then cli_warn() says nothing. */
bool cli_is_quiet(void);

/* Let SIGINT, SIGTERM, SIGHUP and SIGQUIT raise cli_interrupted instead of ending the program, and SIGPIPE become
 * EPIPE. */
void cli_catch_signals(void);

/* The same for a program that goes on to the end all the same: a call that waits goes on waiting. */
void cli_outlive_signals(void);

/* "program: file: text" on standard error; file may be NULL. Control bytes in file are escaped. Returns
 * CLI_FAILED. */
int cli_fail(const char *file, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Open a file for reading. Returns the descriptor, or -1 after having said why. */
int cli_open(const char *path);

/* "program: text" and where help is to be found, on standard error. Returns CLI_MISUSE. */
int cli_misuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "program: warning: text" on standard error. */
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From where what is misused comes, said before it from here on: "FILE: line 3: ", or "". Must stay in memory. */
void cli_misuse_from(const char *origin);

/* Print "program VERSION" on standard output. Returns the exit status: see cli_end(). */
int cli_version(void);

/* The version as the file VERSION has it. */
const char *cli_version_number(void);

/* Close standard output; a failure of that is a failure of the program. Returns status, or CLI_FAILED. */
int cli_end(int status);

/* The status to leave with after cli_interrupted was raised: 128 + signal; else status. */
int cli_status_if_interrupted(int status);

/* Parse a whole decimal number from min to max. Returns false when text is none. */
bool cli_parse_unsigned(const char *text, unsigned long min, unsigned long max, unsigned long *out);

/* Parse a decimal number from min to max, digits and one point only. Returns false when text is none. */
bool cli_parse_decimal(const char *text, double min, double max, double *out);

#endif
