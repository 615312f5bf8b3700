/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "signaling/wherry-joined-frames.h"
#include "signaling/wherry-signaling-session-private.h"

/* What a member hears, written to its client. */

#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  WherrySignalingSession *self = user_data;
  g_autofree char *tid = NULL;

  self->offers = self->offering = type == WHERRY_SDP_OFFER;
  if (type == WHERRY_SDP_OFFER)
    {
      wherry_signaling_session_pop_tid (&self->unoffered, &tid);
      wherry_signaling_session_send (self, wherry_signal_write_description (WHERRY_SIGNAL_OFFER,
                                                                            sdp, tid));
    }
  else
    {
      wherry_signaling_session_pop_tid (&self->unanswered, &tid);
      wherry_signaling_session_send (self, wherry_signal_write_description (WHERRY_SIGNAL_ANSWER,
                                                                            sdp, tid));
    }
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  wherry_signaling_session_send (user_data,
                                 wherry_signal_write_candidate (candidate, mid, (int) mline_index,
                                                                ufrag));
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  WherrySignalingSession *self = user_data;
  GQueue *waiting = request == WHERRY_PEER_CALL    ? &self->unoffered
                    : request == WHERRY_PEER_OFFER ? &self->unanswered
                                                   : &self->answers;
  WherrySignalType ref = request == WHERRY_PEER_CALL    ? WHERRY_SIGNAL_CALL
                         : request == WHERRY_PEER_OFFER ? WHERRY_SIGNAL_OFFER
                                                        : WHERRY_SIGNAL_ANSWER;
  g_autofree char *tid = NULL;

  wherry_signaling_session_pop_tid (waiting, &tid);
  /* what the server lacks is in its log, and no business of the client's */
  if (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES))
    wherry_signaling_session_error (self, WHERRY_SIGNAL_ERROR_SERVER_FULL,
                                    "The server has no room for one more connection",
                                    wherry_signal_type_to_string (ref), tid);
  else
    wherry_signaling_session_refuse (self, WHERRY_SIGNAL_ERROR_BAD_SDP, error->message,
                                     wherry_signal_type_to_string (ref), tid);
}

/* Who made the last offer makes the next: a client may never have thought of being offered one. */
static void
on_path_lost (gpointer user_data)
{
  WherrySignalingSession *self = user_data;
  WherrySignalError code;

  self->lost_again = self->offering;
  if (!self->offers)
    wherry_signaling_session_send (self, wherry_signal_write_restart ());
  else if (!self->offering && self->unoffered.length < WHERRY_SESSION_PENDING_MAX)
    {
      wherry_signaling_session_push_tid (&self->unoffered, NULL);
      if (!wherry_relay_member_restart (self->member, &code, NULL))
        g_free (g_queue_pop_tail (&self->unoffered));
    }
}

static void
on_answered (gpointer user_data)
{
  WherrySignalingSession *self = user_data;
  g_autofree char *tid = NULL;

  wherry_signaling_session_pop_tid (&self->answers, &tid);
  self->offering = FALSE;
  if (self->lost_again)
    on_path_lost (self);
}

static void
on_news (gpointer user_data, const WherrySignalNews *news)
{
  wherry_signaling_session_send (user_data, wherry_signal_write_news (news));
}

static void
on_offended (gpointer user_data, WherrySignalError code, const char *text)
{
  wherry_signaling_session_error (user_data, code, text, NULL, NULL);
}

static void
on_ready (gpointer user_data)
{
  WherrySignalingSession *self = user_data;
  g_autofree char *tid = g_steal_pointer (&self->join_tid);
  WherrySignal *signal;

  if (!self->resuming) /* its join has not returned yet, and sees to it */
    return;
  self->resuming = FALSE;
  wherry_signaling_session_send_joined (self, tid);
  while ((signal = g_queue_pop_head (&self->held)) != NULL)
    {
      if (!self->closed)
        wherry_signaling_session_handle (self, signal);
      wherry_signal_free (signal);
    }
}

static void
on_tunnel_output (gpointer user_data, GBytes *frames)
{
  WherrySignalingSession *self = user_data;

  if (!self->closed)
    self->sink->send_binary (self->sink_data, frames);
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  WherrySignalingSession *self = user_data;

  self->member = NULL;
  wherry_signaling_session_send (self, wherry_signal_write_left (reason, self->leave_tid));
  wherry_signaling_session_close (self,
                                  reason == WHERRY_LEAVE_SHUTDOWN ? CLOSE_GOING_AWAY : CLOSE_NORMAL,
                                  wherry_leave_reason_to_string (reason));
}

const WherryMemberEvents wherry_signaling_session_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .path_lost = on_path_lost,
  .news = on_news,
  .offended = on_offended,
  .ready = on_ready,
  .tunnel_output = on_tunnel_output,
  .left = on_left,
};

static void
send_frame (gpointer user_data, char *text)
{
  wherry_signaling_session_send (user_data, text);
}

void
wherry_signaling_session_send_joined (WherrySignalingSession *self, const char *tid)
{
  wherry_joined_frames_write (self->relay, self->member, tid, send_frame, self);
}
