/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "relay/wherry-member-port-private.h"

/* What a member sends where it may not, on channels of its own and on ours. */

/* How often it is told. */
#define NOTICE_INTERVAL_US G_USEC_PER_SEC

void
wherry_port_refuse_message (WherryMemberPort *self, WherryPortChannel *record)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  wherry_counter_inc (WHERRY_COUNTER_MESSAGES_FORBIDDEN);
  if (record->forbidden_us >= 0 && now_us - record->forbidden_us < NOTICE_INTERVAL_US)
    return;
  record->forbidden_us = now_us;
  wherry_port_notice (self, WHERRY_SIGNAL_ERROR_FORBIDDEN,
                      "you may not publish on this topic: nobody got what you sent",
                      record->init->label);
}

const char *
wherry_port_forbids_channel (WherryMemberPort *self, const char *label)
{
  gboolean publish = wherry_grant_may_publish (self->grant, label);
  gboolean subscribe = wherry_grant_may_subscribe (self->grant, label);

  if (!publish && !subscribe)
    return "your token does not open this topic";
  if (self->echo && !(publish && subscribe))
    return "your token opens this topic one way: there is no echo";
  return NULL;
}
