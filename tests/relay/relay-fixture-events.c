/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "relay-fixture.h"

/* What a member's signaling hears. */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  g_assert_not_reached ();
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  g_assert_not_reached ();
}

static void
on_answered (gpointer user_data)
{
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  ((TestClient *) user_data)->n_refused++; /* a peer without ICE has no description */
}

static void
on_member_joined (gpointer user_data, const WherrySignalMemberRef *member)
{
  TestClient *self = user_data;

  g_string_append_printf (self->heard, "+%s%s ", member->name,
                          member->attributes != NULL ? member->attributes : "");
  if (self->on_heard != NULL)
    self->on_heard (self);
}

static const char *
name_of (TestClient *self, const char *id)
{
  for (guint i = 0; i < self->fixture->clients->len; i++)
    {
      TestClient *other = g_ptr_array_index (self->fixture->clients, i);

      if (strcmp (other->id, id) == 0)
        return other->name;
    }
  return id;
}

static void
on_member_changed (gpointer user_data, const char *peer, const char *attributes, const char *tag)
{
  TestClient *self = user_data;

  g_string_append_printf (self->heard, "~%s%s%s ", name_of (self, peer),
                          attributes != NULL ? attributes : "", tag != NULL ? tag : "");
  if (self->on_heard != NULL)
    self->on_heard (self);
}

static void
on_member_left (gpointer user_data, const char *peer, WherryLeaveReason reason)
{
  TestClient *self = user_data;

  g_string_append_printf (self->heard, "-%s:%s ", name_of (self, peer),
                          wherry_leave_reason_to_string (reason));
  if (self->on_heard != NULL)
    self->on_heard (self);
}

static void
on_offended (gpointer user_data, WherrySignalError code, const char *text)
{
  g_string_append_printf (((TestClient *) user_data)->heard, "!%s ",
                          wherry_signal_error_to_string (code));
}

static void
on_signal (gpointer user_data, const char *from, const char *data, gsize length)
{
  TestClient *self = user_data;

  g_string_append_printf (self->heard, "signal %s:%.*s ", name_of (self, from), (int) length, data);
}

static void
on_msg (gpointer user_data, const char *from, const char *object, gsize length)
{
  TestClient *self = user_data;

  g_string_append_printf (self->heard, "msg %s:%.*s ", name_of (self, from), (int) length, object);
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  TestClient *self = user_data;

  g_assert_false (self->left);
  self->left = TRUE;
  self->reason = reason;
  self->member = NULL;
}

const WherryMemberEvents test_client_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .member_joined = on_member_joined,
  .member_changed = on_member_changed,
  .member_left = on_member_left,
  .offended = on_offended,
  .signal = on_signal,
  .msg = on_msg,
  .left = on_left,
};
