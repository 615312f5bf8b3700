/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the rules of a configuration come to for one room or topic. Thread: any */

#include "relay/wherry-relay-config.h"
#include "relay/wherry-topic-log.h"

G_BEGIN_DECLS

guint wherry_relay_config_members_per_room (const WherryRelayConfig *self, const char *room);
guint wherry_relay_config_topics_per_room (const WherryRelayConfig *self, const char *room);
/* 0 no mirrors, 1 reliable ones, 2 lossy ones, -1 as the publishers' channels are. */
int wherry_relay_config_mirror (const WherryRelayConfig *self, const char *topic);

/* What a topic keeps but for members that come back. */
void wherry_relay_config_keep (const WherryRelayConfig *self, const char *room, const char *topic,
                               WherryKeep *out);
/* The room does not end with its last member. */
gboolean wherry_relay_config_keeps_room (const WherryRelayConfig *self, const char *room);

G_END_DECLS
