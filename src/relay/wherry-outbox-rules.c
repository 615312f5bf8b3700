/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox-rules.h"

WherryOutbox *
wherry_outbox_new_by_rules (WherryOutboxSet *set, const WherryRelayConfig *config, const char *room,
                            const WherryChannelInit *init)
{
  gboolean is_lossy = init->reliability != WHERRY_RELIABLE;
  WherryOutboxLimits limits;

  wherry_relay_config_outbox_limits (config, room, init->label, &limits);
  return wherry_outbox_new_labeled (
      set, init->label, wherry_relay_config_policy (config, room, init->label, is_lossy), &limits);
}
