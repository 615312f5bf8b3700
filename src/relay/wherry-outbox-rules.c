/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-outbox-rules.h"

#include <string.h>

#include "wire/wherry-frame.h"

WherryOutbox *
wherry_outbox_new_by_rules (WherryOutboxSet *set, const WherryRelayConfig *config, const char *room,
                            const WherryChannelInit *init)
{
  gboolean is_lossy = init->reliability != WHERRY_RELIABLE;
  WherryOutboxLimits limits;
  WherryOutbox *outbox;

  wherry_relay_config_outbox_limits (config, room, init->label, &limits);
  outbox
      = wherry_outbox_new_labeled (set, init->label,
                                   wherry_relay_config_policy (config, room, init->label, is_lossy),
                                   &limits);
  if (strcmp (init->protocol, WHERRY_FRAME_PROTOCOL) == 0)
    wherry_outbox_set_addressed (outbox);
  return outbox;
}
