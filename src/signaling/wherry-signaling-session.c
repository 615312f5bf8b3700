/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-log.h"
#include "signaling/wherry-signaling-session-private.h"

/* RFC 6455 section 7.4.1 */
#define CLOSE_GOING_AWAY 1001
#define CLOSE_POLICY 1008

WherrySignalingSession *
wherry_signaling_session_new (WherryRelayHub *relay, WherryJoinLimit *joins, const char *address,
                              WherryClock *clock, const WherrySignalingSink *sink,
                              gpointer user_data)
{
  WherrySignalingSession *self = g_new0 (WherrySignalingSession, 1);
  gint64 now_us;

  self->relay = relay;
  self->joins = joins;
  self->clock = wherry_clock_ref (clock != NULL ? clock : wherry_clock_system ());
  self->sink = sink;
  self->sink_data = user_data;
  self->address = g_strdup (address);
  g_queue_init (&self->unanswered);
  g_queue_init (&self->unoffered);
  g_queue_init (&self->answers);
  now_us = wherry_clock_now_us (self->clock);
  wherry_token_bucket_init (&self->messages, WHERRY_SIGNAL_RATE_MESSAGES,
                            WHERRY_SIGNAL_BURST_MESSAGES, now_us);
  wherry_token_bucket_init (&self->bytes, WHERRY_SIGNAL_RATE_BYTES, WHERRY_SIGNAL_BURST_BYTES,
                            now_us);
  return self;
}

void
wherry_signaling_session_set_admission (WherrySignalingSession *self, WherryAdmission *admission,
                                        gboolean is_local)
{
  self->admission = admission;
  self->is_local = is_local;
}

void
wherry_signaling_session_free (WherrySignalingSession *self)
{
  WherryRelayMember *member = g_steal_pointer (&self->member);

  self->closed = TRUE;
  if (member != NULL)
    wherry_relay_member_detach (member);
  g_queue_clear_full (&self->unanswered, g_free);
  g_queue_clear_full (&self->unoffered, g_free);
  g_queue_clear_full (&self->answers, g_free);
  g_clear_pointer (&self->remote, wherry_sdp_free);
  g_free (self->leave_tid);
  g_free (self->join_tid);
  g_queue_clear_full (&self->held, (GDestroyNotify) wherry_signal_free);
  g_free (self->address);
  wherry_clock_unref (self->clock);
  g_free (self);
}

void
wherry_signaling_session_send (WherrySignalingSession *self, char *text)
{
  if (self->closed)
    g_free (text);
  else
    self->sink->send (self->sink_data, text);
}

void
wherry_signaling_session_close (WherrySignalingSession *self, guint code, const char *reason)
{
  if (self->closed)
    return;

  self->closed = TRUE;
  self->sink->close (self->sink_data, code, reason);
}

void
wherry_signaling_session_error (WherrySignalingSession *self, WherrySignalError code,
                                const char *message, const char *ref, const char *tid)
{
  wherry_signaling_session_send (self, wherry_signal_write_error (code, message, ref, tid));
}

/* Counts a message that was refused for what it holds. The ring keeps the last ten times: when the
 * oldest of them is less than a minute ago, this was the tenth in a minute. */
static void
count_bad (WherrySignalingSession *self)
{
  gint64 now_us = wherry_clock_now_us (self->clock);
  guint slot = self->n_bad % WHERRY_SIGNAL_BAD_PER_MINUTE;
  guint oldest = (self->n_bad + 1) % WHERRY_SIGNAL_BAD_PER_MINUTE;

  wherry_counter_inc (WHERRY_COUNTER_BAD_MESSAGES);
  self->bad_us[slot] = now_us;
  self->n_bad++;
  if (self->n_bad < WHERRY_SIGNAL_BAD_PER_MINUTE)
    return;
  if (now_us - self->bad_us[oldest] < G_TIME_SPAN_MINUTE)
    wherry_signaling_session_close (self, CLOSE_POLICY, "too many bad messages");
}

gboolean
wherry_signaling_session_charge (WherrySignalingSession *self, const WherrySignal *signal,
                                 guint64 bytes)
{
  gint64 now_us = wherry_clock_now_us (self->clock);

  if (wherry_token_bucket_take (&self->bytes, bytes, now_us))
    return TRUE;

  wherry_counter_inc (WHERRY_COUNTER_RATE_LIMITED);
  wherry_signaling_session_error (self, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                                  "Too much at once: slow down and send it again",
                                  wherry_signal_type_to_string (signal->type), signal->tid);
  return FALSE;
}

static gboolean
is_bad (WherrySignalError code)
{
  return code == WHERRY_SIGNAL_ERROR_BAD_MESSAGE || code == WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE
         || code == WHERRY_SIGNAL_ERROR_BAD_ROOM || code == WHERRY_SIGNAL_ERROR_BAD_SDP
         || code == WHERRY_SIGNAL_ERROR_BAD_CANDIDATE || code == WHERRY_SIGNAL_ERROR_TOO_LARGE;
}

void
wherry_signaling_session_refuse (WherrySignalingSession *self, WherrySignalError code,
                                 const char *message, const char *ref, const char *tid)
{
  wherry_signaling_session_error (self, code, message, ref, tid);
  if (is_bad (code))
    count_bad (self);
}

void
wherry_signaling_session_receive (WherrySignalingSession *self, const char *data, gsize length)
{
  g_auto (WherrySignalProblem) problem = { 0 };
  g_autoptr (WherrySignal) signal = NULL;
  gint64 now_us = wherry_clock_now_us (self->clock);

  if (self->closed)
    return;
  /* before it is parsed: what is refused must cost little */
  if (!wherry_token_bucket_take (&self->messages, 1, now_us)
      || !wherry_token_bucket_take (&self->bytes, length, now_us))
    {
      wherry_counter_inc (WHERRY_COUNTER_RATE_LIMITED);
      wherry_signaling_session_error (self, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                                      "Too many messages: slow down and send it again", NULL, NULL);
      return;
    }

  signal = wherry_signal_parse_client (data, length, &problem);
  if (signal == NULL)
    {
      wherry_signaling_session_refuse (self, problem.code, problem.message, problem.ref,
                                       problem.tid);
      return;
    }
  if (!self->resuming)
    wherry_signaling_session_handle (self, signal);
  else if (self->held.length < WHERRY_SIGNAL_BURST_MESSAGES)
    g_queue_push_tail (&self->held, g_steal_pointer (&signal));
  else
    wherry_signaling_session_error (self, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
                                    "Wait until you are back",
                                    wherry_signal_type_to_string (signal->type), signal->tid);
}

void
wherry_signaling_session_receive_binary (WherrySignalingSession *self, GBytes *frames)
{
  if (self->closed)
    return;
  if (!self->tunnel)
    wherry_signaling_session_refuse (self, WHERRY_SIGNAL_ERROR_BAD_MESSAGE,
                                     "Signaling messages are text frames", NULL, NULL);
  else if (self->member != NULL && !wherry_relay_member_tunnel_input (self->member, frames))
    wherry_signaling_session_close (self, CLOSE_POLICY, "more was sent than there was credit for");
}

void
wherry_signaling_session_shutdown (WherrySignalingSession *self)
{
  if (self->closed || self->member != NULL)
    return;

  wherry_signaling_session_send (self, wherry_signal_write_left (WHERRY_LEAVE_SHUTDOWN, NULL));
  wherry_signaling_session_close (self, CLOSE_GOING_AWAY, "shutdown");
}

void
wherry_signaling_session_end_waiting (WherrySignalingSession *self)
{
  if (self->closed || self->was_member)
    return;

  wherry_counter_inc (WHERRY_COUNTER_SOCKETS_NOT_JOINED);
  wherry_signaling_session_error (self, WHERRY_SIGNAL_ERROR_NOT_JOINED,
                                  "You did not join a room in time: open another socket", NULL,
                                  NULL);
  wherry_signaling_session_close (self, CLOSE_POLICY, "no join in time");
}

gboolean
wherry_signaling_session_is_joined (WherrySignalingSession *self)
{
  return self->member != NULL;
}

void
wherry_signaling_session_push_tid (GQueue *queue, const char *tid)
{
  g_queue_push_tail (queue, g_strdup (tid != NULL ? tid : ""));
}

gboolean
wherry_signaling_session_pop_tid (GQueue *queue, char **tid)
{
  char *first = g_queue_pop_head (queue);

  *tid = NULL;
  if (first == NULL)
    return FALSE;
  /* a raw tid is a number or has quotes: the empty one means that there was none */
  if (*first == '\0')
    g_free (first);
  else
    *tid = first;
  return TRUE;
}
