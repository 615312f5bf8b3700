/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry-relay-core-private.h"
#include "lib/wherry-relay.h"

G_BEGIN_DECLS

/* (transfer none) (nullable): made when it is first needed. Errors: WHERRY_ERROR_CLOSED, and the
 * configuration's. */
WherryRelayCore *wherry_relay_ensure_core (WherryRelay *self, GError **error);
/* (transfer none): of this pattern, made at the end if there is none. */
WherryRelayRule *wherry_relay_ensure_rule (WherryRelay *self, const char *pattern,
                                           gboolean is_topic);

G_END_DECLS
