#include "site_options.h"

#include "cli.h"

int site_options_begin(struct site *site, struct options *o, int claim_fd, int stage_fd) {
    site_init(site, claim_fd, stage_fd);
    if (options_open_markers(o, &site->owner) != 0) {
        return CLI_FAILED;
    }
    site->place.beneath = o->beneath;
    site->skips_failed = !o->retry_failed;
    site->policy_digest = o->policy.digest;
    site->accepted = o->accept;
    return 0;
}
