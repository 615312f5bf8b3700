/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The outbox of a data channel, as the configuration wants it. */

#include "peer/wherry-peer.h"
#include "relay/wherry-outbox-set.h"

G_BEGIN_DECLS

/* room: whose rules hold beside those of the topic, init's label. Thread: any */
WherryOutbox *wherry_outbox_new_by_rules (WherryOutboxSet *set, const WherryRelayConfig *config,
                                          const char *room, const WherryChannelInit *init);

G_END_DECLS
