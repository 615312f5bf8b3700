/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "signaling/wherry-signaling-session-private.h"

/* What a member hears, written to its client. */

#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001

/* Of one frame of members: half of what a client may send us, well below what clients take. */
#define MEMBERS_FRAME_MAX 500u
#define MEMBERS_FRAME_BYTES (60u * 1024u)

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
on_member_joined (gpointer user_data, const char *peer, const char *name)
{
  wherry_signaling_session_send (user_data, wherry_signal_write_member_joined (peer, name));
}

static void
on_member_left (gpointer user_data, const char *peer, WherryLeaveReason reason)
{
  wherry_signaling_session_send (user_data, wherry_signal_write_member_left (peer, reason));
}

static void
on_signal (gpointer user_data, const char *from, const char *data, gsize length)
{
  wherry_signaling_session_send (user_data, wherry_signal_write_signal (from, data, length));
}

static void
on_msg (gpointer user_data, const char *from, const char *object, gsize length)
{
  wherry_signaling_session_send (user_data, wherry_signal_write_msg (from, object, length));
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
  .member_joined = on_member_joined,
  .member_left = on_member_left,
  .signal = on_signal,
  .msg = on_msg,
  .left = on_left,
};

/* joined and members */

static void
add_member (const char *peer, const char *name, gpointer data)
{
  GArray *members = data;
  WherrySignalMemberRef member = { .peer = peer, .name = name };

  g_array_append_val (members, member);
}

/* How many of the n members fit into one frame. */
static guint
fit_members (const WherrySignalMemberRef *members, guint n)
{
  gsize bytes = 0;
  guint i;

  for (i = 0; i < n && i < MEMBERS_FRAME_MAX; i++)
    {
      /* a byte of a name is written in six at most (\u001f); 48 for what is around it */
      bytes += 48 + (members[i].name != NULL ? 6 * strlen (members[i].name) : 0);
      if (bytes > MEMBERS_FRAME_BYTES)
        break;
    }
  return i;
}

/* The STUN servers that the relay itself uses. TURN is not handed on: its password is the server's
 * own. */
static GPtrArray *
list_stun_urls (const WherryIceConfig *ice)
{
  GPtrArray *urls = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ice != NULL && i < ice->stun_servers->len; i++)
    {
      const WherryIceStunServer *server = ice->stun_servers->pdata[i];
      gboolean is_ipv6 = strchr (server->host, ':') != NULL;

      g_ptr_array_add (urls, g_strdup_printf ("stun:%s%s%s:%u", is_ipv6 ? "[" : "", server->host,
                                              is_ipv6 ? "]" : "", server->port));
    }
  g_ptr_array_add (urls, NULL);
  return urls;
}

void
wherry_signaling_session_send_joined (WherrySignalingSession *self, const char *tid)
{
  static const char *const features[] = { "mirror", "notices", "signal", "msg", NULL };
  const WherryRelayConfig *config = wherry_relay_hub_get_config (self->relay);
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (WherrySignalMemberRef));
  g_autoptr (GPtrArray) urls = list_stun_urls (config->ice);
  WherrySignalIceServerRef ice = { .urls = (const char *const *) urls->pdata };
  const WherrySignalMemberRef *next;
  WherrySignalJoined joined = { .tid = tid };
  guint left;

  wherry_relay_member_foreach_other (self->member, add_member, members);
  next = (const WherrySignalMemberRef *) (gpointer) members->data;
  left = members->len;

  joined.peer = wherry_relay_member_get_id (self->member);
  joined.room = wherry_relay_member_get_room (self->member);
  joined.members = next;
  joined.n_members = fit_members (next, left);
  joined.more = joined.n_members < left;
  joined.ice_servers = &ice;
  joined.n_ice_servers = urls->len > 1 ? 1 : 0;
  joined.max_message_size = config->max_message_size;
  joined.features = features;
  wherry_signaling_session_send (self, wherry_signal_write_joined (&joined));

  for (guint n = joined.n_members; n < left;)
    {
      next += n;
      left -= n;
      n = fit_members (next, left);
      wherry_signaling_session_send (self, wherry_signal_write_members (next, n, n < left));
    }
}
