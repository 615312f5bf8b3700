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
on_news (gpointer user_data, const WherrySignalNews *news)
{
  TestClient *self = user_data;
  const char *name = name_of (self, news->peer);
  const char *attributes = news->attributes != NULL ? news->attributes : "";

  if (news->type == WHERRY_SIGNAL_MEMBER_JOINED)
    g_string_append_printf (self->heard, "+%s%s ", news->name, attributes);
  else if (news->type == WHERRY_SIGNAL_MEMBER_CHANGED)
    g_string_append_printf (self->heard, "~%s%s%s ", name, attributes,
                            news->tid != NULL ? news->tid : "");
  else if (news->type == WHERRY_SIGNAL_MEMBER_LEFT)
    g_string_append_printf (self->heard, "-%s:%s ", name,
                            wherry_leave_reason_to_string (news->reason));
  else if (news->type == WHERRY_SIGNAL_MSG || news->type == WHERRY_SIGNAL_SIGNAL)
    g_string_append_printf (self->heard, "%s %s:%.*s ", wherry_signal_type_to_string (news->type),
                            name, (int) news->length, news->data);
  if (self->on_heard != NULL && news->type != WHERRY_SIGNAL_MSG
      && news->type != WHERRY_SIGNAL_SIGNAL)
    self->on_heard (self);
}

static void
on_offended (gpointer user_data, WherrySignalError code, const char *text)
{
  g_string_append_printf (((TestClient *) user_data)->heard, "!%s ",
                          wherry_signal_error_to_string (code));
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
  .news = on_news,
  .offended = on_offended,
  .left = on_left,
};
