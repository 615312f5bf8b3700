/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the rules of a configuration come to for one room or topic. Thread: any */

#include "relay/wherry-relay-config.h"

G_BEGIN_DECLS

guint wherry_relay_config_members_per_room (const WherryRelayConfig *self, const char *room);
guint wherry_relay_config_topics_per_room (const WherryRelayConfig *self, const char *room);
/* 0 no mirrors, 1 reliable ones, 2 lossy ones, -1 as the publishers' channels are. */
int wherry_relay_config_mirror (const WherryRelayConfig *self, const char *topic);

G_END_DECLS
