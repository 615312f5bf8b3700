/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What wherryd is told: by flags, else by environment variables WHERRY_*, else by the file that
 * --config names, else the defaults. The same keys everywhere: --outbox-bytes, WHERRY_OUTBOX_BYTES,
 * outbox-bytes= in the group [wherryd]. data/docs/configuration.md. Thread: hub */

#include <gio/gio.h>

#include "daemon/wherry-daemon-auth.h"
#include "relay/wherry-relay-config.h"
#include "signaling/wherry-origin-policy.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *listen; /* of GSocketAddress, at least one */
  gboolean insecure_open;
  gboolean verbose;
  gboolean show_version;
  guint joins_per_address; /* a second; 0: any number */
  WherryOriginPolicy *origins;
  WherryOriginPolicy *cors_origins; /* NULL: as origins */
  WherryRelayConfig *relay;         /* steal it */
  WherryDaemonAuth *auth;
} WherryDaemonOptions;

/* argv: a NULL-terminated array as main() gets it; left alone. --help prints and exits, as
 * GOptionContext does. Also checks that who listens to the world was told to.
 * WHERRY_ERROR_INVALID_ARGUMENT: the message names the flag, variable, or file and key. */
WherryDaemonOptions *wherry_daemon_options_new (char **argv, GError **error);
void wherry_daemon_options_free (WherryDaemonOptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryDaemonOptions, wherry_daemon_options_free)

G_END_DECLS
