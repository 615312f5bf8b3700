/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "relay/wherry-member-port-private.h"

/* How much a member sends. What came is taken, and charged; whoever is in debt then is not read
 * until it has paid, so that nothing is lost and its own bufferedAmount rises; or it leaves. */

/* How much of a second's worth may come at once. */
#define BURST 2u
#define NOTICE_INTERVAL_US (10 * G_USEC_PER_SEC)
/* As good as no limit. */
#define UNLIMITED (G_GUINT64_CONSTANT (1) << 40)

void
wherry_port_rate_init (WherryMemberPort *self)
{
  gint64 now_us = wherry_clock_now_us (self->clock);
  guint64 messages
      = self->config->message_rate > 0 ? self->config->message_rate : UNLIMITED / BURST;
  guint64 bytes = self->config->byte_rate > 0 ? self->config->byte_rate : UNLIMITED / BURST;

  wherry_token_bucket_init (&self->messages, messages, BURST * messages, now_us);
  /* a message is charged to the full, however large it may be */
  wherry_token_bucket_init (&self->bytes, bytes,
                            MAX (BURST * bytes, self->config->max_message_size), now_us);
  self->rate_noticed_us = -1;
  self->limited &= self->config->message_rate > 0 || self->config->byte_rate > 0;
}

static void
offend (WherryMemberPort *self, WherrySignalError code)
{
  WherryPortRequest *request;

  if (self->offended)
    return;
  self->offended = TRUE;
  request = g_new0 (WherryPortRequest, 1);
  request->code = code;
  wherry_port_post (self, WHERRY_PORT_OFFENDED, 0, request);
}

void
wherry_port_rate_charge (WherryMemberPort *self, WherryMessage *message)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  wherry_token_bucket_charge (&self->messages, 1, now_us);
  wherry_token_bucket_charge (&self->bytes, wherry_message_get_length (message), now_us);
}

void
wherry_port_count_bad (WherryMemberPort *self)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  if (self->config->bad_frames == 0)
    return;
  if (self->n_bad == 0 || now_us - self->bad_since_us >= G_TIME_SPAN_MINUTE)
    {
      self->n_bad = 0;
      self->bad_since_us = now_us;
    }
  if (++self->n_bad >= self->config->bad_frames)
    offend (self, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
}

static gboolean
on_paid (gpointer user_data)
{
  WherryMemberPort *self = user_data;

  wherry_clock_clear_source (&self->rate_timer);
  wherry_port_update_pause (self);
  return G_SOURCE_REMOVE;
}

gboolean
wherry_port_rate_is_over (WherryMemberPort *self)
{
  gint64 now_us, wait_us;

  if (self->offended || self->rate_timer != NULL)
    return TRUE;
  if (!self->limited)
    return FALSE;
  now_us = wherry_clock_now_us (self->clock);
  wait_us = MAX (wherry_token_bucket_wait_us (&self->messages, now_us),
                 wherry_token_bucket_wait_us (&self->bytes, now_us));
  if (wait_us == 0)
    return FALSE;

  wherry_counter_inc (WHERRY_COUNTER_RATE_PAUSES);
  if (self->config->rate_disconnects)
    {
      offend (self, WHERRY_SIGNAL_ERROR_RATE_LIMITED);
      return TRUE;
    }
  if (self->rate_noticed_us < 0 || now_us - self->rate_noticed_us >= NOTICE_INTERVAL_US)
    {
      self->rate_noticed_us = now_us;
      wherry_port_notice (self, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                          "you send more than you may: the rest waits", NULL);
    }
  self->rate_timer = wherry_clock_add (self->clock, wherry_peer_get_context (self->peer),
                                       wait_us + WHERRY_RATE_PAUSE_US, on_paid, self);
  return TRUE;
}
