/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-fake-relay.h"

struct _WherryMember
{
  WherryRelay *relay;
  guint index;
  char *id;
  char *room;
  char *name;
  const WherryMemberEvents *events; /* NULL: detached */
  gpointer events_data;
};

struct _WherryRelay
{
  WherryRelayConfig config;
  GPtrArray *members; /* of WherryMember or NULL: by index */
  GString *log;
  WherrySignalError fail_next;
  gboolean shut_down;
};

static void G_GNUC_PRINTF (2, 3) note (WherryMember *member, const char *format, ...)
{
  va_list args;

  g_string_append_printf (member->relay->log, "%s: ", member->id);
  va_start (args, format);
  g_string_append_vprintf (member->relay->log, format, args);
  va_end (args);
  g_string_append_c (member->relay->log, '\n');
}

WherryRelay *
wherry_fake_relay_new (void)
{
  WherryRelay *relay = g_new0 (WherryRelay, 1);

  relay->members = g_ptr_array_new ();
  relay->log = g_string_new (NULL);
  relay->config.channels_per_member = WHERRY_CHANNELS_PER_MEMBER;
  relay->config.max_message_size = WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  return relay;
}

static void
member_free (WherryMember *member)
{
  member->relay->members->pdata[member->index] = NULL;
  g_free (member->id);
  g_free (member->room);
  g_free (member->name);
  g_free (member);
}

void
wherry_fake_relay_free (WherryRelay *relay)
{
  for (guint i = 0; i < relay->members->len; i++)
    g_assert_null (relay->members->pdata[i]);
  g_ptr_array_unref (relay->members);
  g_string_free (relay->log, TRUE);
  g_free (relay);
}

WherryRelayConfig *
wherry_fake_relay_config (WherryRelay *relay)
{
  return &relay->config;
}

char *
wherry_fake_relay_take_log (WherryRelay *relay)
{
  char *text = g_string_free (relay->log, FALSE);

  relay->log = g_string_new (NULL);
  return text;
}

guint
wherry_fake_relay_get_n_members (WherryRelay *relay)
{
  guint n = 0;

  for (guint i = 0; i < relay->members->len; i++)
    n += relay->members->pdata[i] != NULL;
  return n;
}

void
wherry_fake_relay_fail_next (WherryRelay *relay, WherrySignalError code)
{
  relay->fail_next = code;
}

WherryMember *
wherry_fake_relay_member (WherryRelay *relay, guint i)
{
  return i < relay->members->len ? relay->members->pdata[i] : NULL;
}

void
wherry_fake_member_describe (WherryMember *member, WherrySdpType type, const char *sdp)
{
  member->events->description (member->events_data, type, sdp);
}

void
wherry_fake_member_candidate (WherryMember *member, const char *candidate)
{
  member->events->candidate (member->events_data, candidate, "0", 0, "abcd");
}

void
wherry_fake_member_refuse (WherryMember *member, WherryPeerRequest request, int code,
                           const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, code, message);

  member->events->refused (member->events_data, request, error);
}

void
wherry_fake_member_answered (WherryMember *member)
{
  member->events->answered (member->events_data);
}

/* relay/wherry-relay.h */

const WherryRelayConfig *
wherry_relay_get_config (WherryRelay *self)
{
  return &self->config;
}

void
wherry_relay_get_stats (WherryRelay *self, WherryRelayStats *out)
{
  *out = (WherryRelayStats){ .members = wherry_fake_relay_get_n_members (self) };
}

static gboolean
fails (WherryRelay *self, WherrySignalError *code, GError **error)
{
  if (self->fail_next == WHERRY_SIGNAL_ERROR_NONE)
    return FALSE;
  *code = self->fail_next;
  self->fail_next = WHERRY_SIGNAL_ERROR_NONE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "The fake was told to fail");
  return TRUE;
}

/* Calls func for every member of the same room but self. */
#define FOREACH_OTHER(self, other)                                                                 \
  for (guint i_ = 0; i_ < (self)->relay->members->len; i_++)                                       \
    for (WherryMember *other = (self)->relay->members->pdata[i_];                                  \
         other != NULL && other != (self) && g_str_equal (other->room, (self)->room)               \
         && other->events != NULL;                                                                 \
         other = NULL)

WherryMember *
wherry_relay_join (WherryRelay *self, const WherryJoin *join, const WherryMemberEvents *events,
                   gpointer user_data, WherrySignalError *code, GError **error)
{
  WherryMember *member;

  if (fails (self, code, error))
    return NULL;

  member = g_new0 (WherryMember, 1);
  member->relay = self;
  member->index = self->members->len;
  member->id = g_strdup_printf ("%016x", member->index + 1);
  member->room = g_strdup (join->room);
  member->name = g_strdup (join->name);
  member->events = events;
  member->events_data = user_data;
  g_ptr_array_add (self->members, member);
  note (member, "join %s name=%s mirror=%d", join->room, join->name, join->mirror);
  FOREACH_OTHER (member, other)
  other->events->member_joined (other->events_data, member->id, member->name);
  return member;
}

const char *
wherry_member_get_id (WherryMember *self)
{
  return self->id;
}

const char *
wherry_member_get_room (WherryMember *self)
{
  return self->room;
}

void
wherry_member_foreach_other (WherryMember *self,
                             void (*func) (const char *peer, const char *name, gpointer data),
                             gpointer data)
{
  FOREACH_OTHER (self, other)
  func (other->id, other->name, data);
}

static void
note_channels (GString *words, const WherryChannelInit *channels, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_printf (words, " [%s id=%u ordered=%d r=%d/%u protocol=%s]", channels[i].label,
                            channels[i].id, channels[i].ordered, channels[i].reliability,
                            channels[i].reliability_value, channels[i].protocol);
}

gboolean
wherry_member_call (WherryMember *self, const WherryChannelInit *channels, guint n,
                    WherrySignalError *code, GError **error)
{
  g_autoptr (GString) words = g_string_new ("call");

  if (fails (self->relay, code, error))
    return FALSE;
  note_channels (words, channels, n);
  note (self, "%s", words->str);
  return TRUE;
}

gboolean
wherry_member_remote_description (WherryMember *self, WherrySdp *sdp,
                                  const WherryChannelInit *channels, guint n,
                                  WherrySignalError *code, GError **error)
{
  g_autoptr (GString) words = g_string_new (wherry_sdp_type_to_string (sdp->type));

  wherry_sdp_free (sdp);
  if (fails (self->relay, code, error))
    return FALSE;
  note_channels (words, channels, n);
  note (self, "%s", words->str);
  return TRUE;
}

void
wherry_member_remote_candidate (WherryMember *self, WherryCandidate *candidate)
{
  if (candidate == NULL)
    note (self, "candidates end");
  else
    note (self, "candidate %s %u ufrag=%s", candidate->address, candidate->port, candidate->ufrag);
  g_clear_pointer (&candidate, wherry_candidate_free);
}

gboolean
wherry_member_signal (WherryMember *self, const char *to, const char *data, gsize length)
{
  FOREACH_OTHER (self, other)
  if (g_str_equal (other->id, to))
    {
      other->events->signal (other->events_data, self->id, data, length);
      return TRUE;
    }
  return FALSE;
}

void
wherry_member_msg (WherryMember *self, const char *object, gsize length)
{
  FOREACH_OTHER (self, other)
  other->events->msg (other->events_data, self->id, object, length);
  self->events->msg (self->events_data, self->id, object, length);
}

static void
tell_left (WherryMember *self, WherryLeaveReason reason)
{
  FOREACH_OTHER (self, other)
  other->events->member_left (other->events_data, self->id, reason);
}

void
wherry_member_leave (WherryMember *self, WherryLeaveReason reason)
{
  note (self, "leave %s", wherry_leave_reason_to_string (reason));
  tell_left (self, reason);
  if (self->events != NULL)
    self->events->left (self->events_data, reason);
  member_free (self);
}

/* Without a peer connection, which the fake never has, it leaves. */
void
wherry_member_detach (WherryMember *self)
{
  note (self, "detach");
  self->events = NULL;
  tell_left (self, WHERRY_LEAVE_FAILED);
  member_free (self);
}
