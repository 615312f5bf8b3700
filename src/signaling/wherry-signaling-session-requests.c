/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "signaling/wherry-negotiated-channels.h"
#include "signaling/wherry-signaling-session-private.h"

/* What a client asks for. */

static void
refuse (WherrySignalingSession *self, const WherrySignal *signal, WherrySignalError code,
        const char *message)
{
  wherry_signaling_session_refuse (self, code, message, wherry_signal_type_to_string (signal->type),
                                   signal->tid);
}

/* (transfer full) (nullable) */
static WherryMessage *
make_will (WherrySignalingSession *self, const WherrySignal *signal)
{
  if (signal->will == NULL)
    return NULL;
  return wherry_message_new_bytes (signal->will->is_text ? WHERRY_MESSAGE_TEXT
                                                         : WHERRY_MESSAGE_BINARY,
                                   signal->will->data, wherry_relay_hub_get_budget (self->relay));
}

/* grant: (out) (transfer full) */
static gboolean
admit (WherrySignalingSession *self, const WherrySignal *signal, WherryGrant **grant)
{
  const WherryOrigin origin = { .address = self->address, .is_local = self->is_local };
  WherrySignalError code;
  const char *text;

  if (self->admission == NULL && signal->token == NULL)
    return TRUE;
  if (self->admission != NULL
      && wherry_admission_check (self->admission, &origin, signal->token, grant, &code, &text))
    return TRUE;
  if (self->admission != NULL)
    refuse (self, signal, code, text);
  else /* never ignored */
    refuse (self, signal, WHERRY_SIGNAL_ERROR_UNAUTHORIZED,
            "This server has no key to check a token with");
  return FALSE;
}

static gboolean
may_resume (WherrySignalingSession *self, const WherrySignal *signal)
{
  const WherryOrigin origin = { .address = self->address, .is_local = self->is_local };

  if (signal->resume == NULL || self->admission == NULL
      || wherry_admission_may_guess (self->admission, &origin))
    return TRUE;
  refuse (self, signal, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
          "Too many resume tokens from your address were wrong: try again in a minute");
  return FALSE;
}

static gboolean
join_room (WherrySignalingSession *self, const WherrySignal *signal, const char *room)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;
  g_autoptr (WherryMessage) will = make_will (self, signal);
  g_autoptr (WherryGrant) grant = NULL;
  const WherryOrigin origin = { .address = self->address, .is_local = self->is_local };
  WherryJoin join = {
    .room = room,
    .name = signal->type == WHERRY_SIGNAL_JOIN ? signal->name : NULL,
    .mirror = signal->type == WHERRY_SIGNAL_JOIN ? signal->mirror : TRUE,
    .attributes = signal->attributes,
    .will = will,
    .will_topic = will != NULL ? signal->will->topic : NULL,
    .history = signal->history,
    .resumable = signal->resumable,
    .resume = signal->resume,
    .places = signal->places,
    .addressed = signal->addressed,
    .opens = (const char *const *) signal->opens,
    .address = self->address,
  };

  if (self->joins != NULL
      && !wherry_join_limit_take (self->joins, self->address, wherry_clock_now_us (self->clock)))
    {
      wherry_counter_inc (WHERRY_COUNTER_RATE_LIMITED);
      refuse (self, signal, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
              "Too many joins from your address: try again in a second");
      return FALSE;
    }
  if (!admit (self, signal, &grant) || !may_resume (self, signal))
    return FALSE;

  join.grant = grant;
  self->member = wherry_relay_hub_join (self->relay, &join, &wherry_signaling_session_events, self,
                                        &code, &error);
  if (self->member == NULL)
    {
      if (code == WHERRY_SIGNAL_ERROR_RESUME_REFUSED && self->admission != NULL)
        wherry_admission_note_wrong (self->admission, &origin);
      refuse (self, signal, code, error != NULL ? error->message : "Could not join");
      return FALSE;
    }
  self->was_member = TRUE;
  return TRUE;
}

static void
handle_join (WherrySignalingSession *self, WherrySignal *signal)
{
  if (self->was_member)
    {
      refuse (self, signal, WHERRY_SIGNAL_ERROR_ALREADY_JOINED,
              "This socket has joined a room: open another one to join another room");
      return;
    }
  if (!join_room (self, signal, signal->room))
    return;
  self->resuming = !wherry_relay_member_is_ready (self->member);
  if (self->resuming)
    self->join_tid = g_strdup (signal->tid);
  else
    wherry_signaling_session_send_joined (self, signal->tid);
}

/* offer or call before a join: the echo room (data/docs/protocol.md section 1) */
static gboolean
ensure_member (WherrySignalingSession *self, const WherrySignal *signal)
{
  return self->member != NULL || join_room (self, signal, WHERRY_ECHO_ROOM);
}

/* (transfer full) (element-type WherryChannelInit): strings are borrowed from signal. NULL: it was
 * refused. */
static GArray *
list_channels (WherrySignalingSession *self, const WherrySignal *signal)
{
  static const WherryChannelInit cat_noises = {
    .label = "cat-noises",
    .protocol = "",
    .ordered = TRUE,
    .reliability = WHERRY_RELIABLE,
    .priority = 256, /* "normal": RFC 8831 section 6.4 */
    .negotiated = TRUE,
    .id = 0,
  };
  guint most = wherry_relay_hub_get_config (self->relay)->channels_per_member;

  if (signal->channels == NULL)
    {
      GArray *inits = g_array_new (FALSE, FALSE, sizeof (WherryChannelInit));

      if (signal->type == WHERRY_SIGNAL_CALL
          && g_str_equal (wherry_relay_member_get_room (self->member), WHERRY_ECHO_ROOM))
        g_array_append_val (inits, cat_noises);
      return inits;
    }
  if (signal->channels->len > most)
    {
      refuse (self, signal, WHERRY_SIGNAL_ERROR_TOO_LARGE, "Too many channels for one member");
      return NULL;
    }
  return wherry_negotiated_channels_list (signal->channels);
}

/* FALSE: too many are under way, the client was told */
static gboolean
may_wait (WherrySignalingSession *self, const WherrySignal *signal, const GQueue *queue)
{
  if (queue->length < WHERRY_SESSION_PENDING_MAX)
    return TRUE;

  wherry_counter_inc (WHERRY_COUNTER_RATE_LIMITED);
  refuse (self, signal, WHERRY_SIGNAL_ERROR_RATE_LIMITED,
          "Too many descriptions at once: wait for the answer");
  return FALSE;
}

static void
handle_call (WherrySignalingSession *self, WherrySignal *signal)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) inits = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;

  if (!may_wait (self, signal, &self->unoffered) || !ensure_member (self, signal))
    return;
  inits = list_channels (self, signal);
  if (inits == NULL)
    return;

  wherry_signaling_session_push_tid (&self->unoffered, signal->tid);
  if (wherry_relay_member_call (self->member, (const WherryChannelInit *) (gpointer) inits->data,
                                inits->len, &code, &error))
    return;
  g_free (g_queue_pop_tail (&self->unoffered));
  refuse (self, signal, code, error != NULL ? error->message : "Could not make an offer");
}

static void
handle_description (WherrySignalingSession *self, WherrySignal *signal)
{
  gboolean is_offer = signal->type == WHERRY_SIGNAL_OFFER;
  GQueue *waiting = is_offer ? &self->unanswered : &self->answers;
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = NULL;
  g_autoptr (GArray) inits = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_BAD_SDP;

  sdp = wherry_sdp_parse (is_offer ? WHERRY_SDP_OFFER : WHERRY_SDP_ANSWER, signal->sdp,
                          strlen (signal->sdp), &error);
  if (sdp == NULL)
    {
      refuse (self, signal, WHERRY_SIGNAL_ERROR_BAD_SDP, error->message);
      return;
    }
  if (!may_wait (self, signal, waiting) || (is_offer && !ensure_member (self, signal)))
    return;
  inits = list_channels (self, signal);
  if (inits == NULL)
    return;

  g_clear_pointer (&self->remote, wherry_sdp_free);
  self->remote = wherry_sdp_copy (sdp);
  wherry_signaling_session_push_tid (waiting, signal->tid);
  if (wherry_relay_member_remote_description (self->member, g_steal_pointer (&sdp),
                                              (const WherryChannelInit *) (gpointer) inits->data,
                                              inits->len, &code, &error))
    return;
  g_free (g_queue_pop_tail (waiting));
  refuse (self, signal, code, error != NULL ? error->message : "Could not take the description");
}

static void
handle_tunnel (WherrySignalingSession *self, WherrySignal *signal)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;

  if (self->tunnel || self->sink->send_binary == NULL)
    refuse (self, signal, WHERRY_SIGNAL_ERROR_FORBIDDEN,
            self->tunnel ? "The tunnel is there already" : "Nothing here could carry a tunnel");
  else if (!ensure_member (self, signal))
    return;
  else if (!wherry_relay_member_tunnel (self->member, &code, &error))
    refuse (self, signal, code, error != NULL ? error->message : "Could not make a tunnel");
  else
    {
      self->tunnel = TRUE;
      wherry_signaling_session_send (self, wherry_signal_write_tunnel (signal->tid));
    }
}

static void
handle_candidate (WherrySignalingSession *self, WherrySignal *signal)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryCandidate) candidate = NULL;

  if (signal->candidate == NULL)
    {
      wherry_relay_member_remote_candidate (self->member, NULL);
      return;
    }

  candidate = wherry_candidate_parse (signal->candidate, strlen (signal->candidate), &error);
  if (candidate == NULL)
    {
      /* well formed and of no use to us is no error of the client's */
      if (g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
        return;
      wherry_counter_inc (WHERRY_COUNTER_ICE_BAD_CANDIDATES);
      refuse (self, signal, WHERRY_SIGNAL_ERROR_BAD_CANDIDATE, error->message);
      return;
    }
  if (candidate->is_mdns)
    {
      /* nobody resolves it here; the connection is found by a peer-reflexive pair */
      wherry_counter_inc (WHERRY_COUNTER_ICE_MDNS_IGNORED);
      return;
    }
  if (self->remote != NULL
      && !wherry_sdp_owns_candidate (self->remote, signal->sdp_mid, signal->sdp_mline_index))
    return;
  if (candidate->ufrag == NULL)
    candidate->ufrag = g_strdup (signal->ufrag);
  wherry_relay_member_remote_candidate (self->member, g_steal_pointer (&candidate));
}

static void
count_member (const WherrySignalMemberRef *member, gpointer data)
{
  ++*(guint64 *) data;
}

/* What everybody gets costs as many times its size; once was taken when it came. */
static gboolean
charge_for_all (WherrySignalingSession *self, const WherrySignal *signal, gsize length)
{
  guint64 others = 0;

  wherry_relay_member_foreach_other (self->member, count_member, &others);
  return wherry_signaling_session_charge (self, signal, length * others);
}

static void
handle_attributes (WherrySignalingSession *self, WherrySignal *signal)
{
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_INTERNAL;

  if (charge_for_all (self, signal, strlen (signal->attributes))
      && !wherry_relay_member_set_attributes (self->member, signal->attributes, signal->tid, &code,
                                              &error))
    refuse (self, signal, code, error->message);
}

static void
handle_msg (WherrySignalingSession *self, WherrySignal *signal)
{
  if (!wherry_grant_may_speak (wherry_relay_member_get_grant (self->member)))
    refuse (self, signal, WHERRY_SIGNAL_ERROR_FORBIDDEN, "Your token lets you listen only");
  else if (charge_for_all (self, signal, signal->data_length))
    wherry_relay_member_msg (self->member, signal->data, signal->data_length);
}

static void
handle_signal (WherrySignalingSession *self, WherrySignal *signal)
{
  if (!wherry_relay_member_signal (self->member, signal->to, signal->data, signal->data_length))
    refuse (self, signal, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER, "No such member in this room");
}

static void
handle_leave (WherrySignalingSession *self, WherrySignal *signal)
{
  self->leave_tid = g_strdup (signal->tid);
  wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
}

/* Types that need a member first. */
static void
handle_as_member (WherrySignalingSession *self, WherrySignal *signal)
{
  if (self->member == NULL)
    {
      refuse (self, signal, WHERRY_SIGNAL_ERROR_NOT_JOINED, "Join a room first");
      return;
    }

  if (signal->type == WHERRY_SIGNAL_ANSWER)
    handle_description (self, signal);
  else if (signal->type == WHERRY_SIGNAL_CANDIDATE)
    handle_candidate (self, signal);
  else if (signal->type == WHERRY_SIGNAL_SIGNAL)
    handle_signal (self, signal);
  else if (signal->type == WHERRY_SIGNAL_MSG)
    handle_msg (self, signal);
  else if (signal->type == WHERRY_SIGNAL_ATTRIBUTES)
    handle_attributes (self, signal);
  else if (signal->type == WHERRY_SIGNAL_LEAVE)
    handle_leave (self, signal);
  else
    wherry_bug ("A client message of type %s", wherry_signal_type_to_string (signal->type));
}

void
wherry_signaling_session_handle (WherrySignalingSession *self, WherrySignal *signal)
{
  if (signal->type == WHERRY_SIGNAL_JOIN)
    handle_join (self, signal);
  else if (signal->type == WHERRY_SIGNAL_OFFER)
    handle_description (self, signal);
  else if (signal->type == WHERRY_SIGNAL_CALL)
    handle_call (self, signal);
  else if (signal->type == WHERRY_SIGNAL_TUNNEL)
    handle_tunnel (self, signal);
  else if (signal->type == WHERRY_SIGNAL_PING)
    wherry_signaling_session_send (self,
                                   wherry_signal_write_pong (signal->data, signal->data_length,
                                                             signal->tid));
  else
    handle_as_member (self, signal);
}
