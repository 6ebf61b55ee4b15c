/*
 * What libpcap asks about names in expressions. The C library would answer with libraries of the system's that
 * nsswitch.conf(5) names, and crash: they are made for another copy of itself. So only numbers are understood, and for
 * a name libpcap's own message comes ("unknown host", "unknown port").
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>

/* One answer and its address, in one piece. */
struct answer {
    struct addrinfo info;
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
};

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
    struct answer *a = calloc(1, sizeof *a);
    (void)service;
    (void)hints;
    if (a == NULL) {
        return EAI_MEMORY;
    }
    a->info.ai_addr = (struct sockaddr *)&a->address;
    if (node != NULL && inet_pton(AF_INET, node, &a->address.v4.sin_addr) == 1) {
        a->info.ai_family = a->address.v4.sin_family = AF_INET;
        a->info.ai_addrlen = sizeof a->address.v4;
    } else if (node != NULL && inet_pton(AF_INET6, node, &a->address.v6.sin6_addr) == 1) {
        a->info.ai_family = a->address.v6.sin6_family = AF_INET6;
        a->info.ai_addrlen = sizeof a->address.v6;
    } else {
        free(a);
        return EAI_NONAME;
    }
    *out = &a->info;
    return 0;
}

void freeaddrinfo(struct addrinfo *info) {
    free(info); /* the first member of its answer */
}

int getprotobyname_r(const char *name, struct protoent *entry, char *buffer, size_t size_bytes, struct protoent **out) {
    (void)name;
    (void)entry;
    (void)buffer;
    (void)size_bytes;
    *out = NULL;
    return 0;
}

int getnetbyname_r(const char *name, struct netent *entry, char *buffer, size_t size_bytes, struct netent **out,
                   int *error) {
    (void)name;
    (void)entry;
    (void)buffer;
    (void)size_bytes;
    *out = NULL;
    *error = HOST_NOT_FOUND;
    return 0;
}

int ether_hostton(const char *name, struct ether_addr *address) {
    (void)name;
    (void)address;
    return -1;
}
