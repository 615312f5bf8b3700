/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-json-scan.h"
#include "wire/wherry-signal.h"

#define FROM "0123456789abcdef"

/* text: (transfer full). What we write is what a client can read. */
static WherrySignal *
hear (char *text)
{
  g_autofree char *owned = text;
  g_autoptr (GError) error = NULL;
  WherrySignal *heard = wherry_signal_parse_server (owned, strlen (owned), &error);

  g_assert_no_error (error);
  return heard;
}

static void
check_passed_on (const WherrySignal *signal)
{
  WherrySignalNews news = {
    .type = signal->type,
    .peer = FROM,
    .data = signal->data,
    .length = signal->data_length,
  };
  g_autoptr (WherrySignal) heard = NULL;

  if (signal->type == WHERRY_SIGNAL_SIGNAL)
    {
      heard = hear (wherry_signal_write_news (&news));
      g_assert_cmpmem (heard->data, heard->data_length, signal->data, signal->data_length);
      g_assert_cmpstr (heard->from, ==, FROM);
    }
  if (signal->type == WHERRY_SIGNAL_MSG)
    {
      heard = hear (wherry_signal_write_news (&news));
      g_assert_cmpmem (heard->data, signal->data_length - 1, signal->data, signal->data_length - 1);
      g_assert_cmpstr (heard->from, ==, FROM);
    }
  if (signal->attributes != NULL)
    {
      const WherrySignalMemberRef member = { .peer = FROM, .attributes = signal->attributes };
      g_autoptr (WherrySignal) list = hear (wherry_signal_write_members (&member, 1, FALSE));

      news = (WherrySignalNews){ .type = WHERRY_SIGNAL_MEMBER_CHANGED, .peer = FROM };
      news.attributes = signal->attributes;
      news.tid = signal->tid;
      heard = hear (wherry_signal_write_news (&news));
      g_assert_cmpstr (heard->attributes, ==, signal->attributes);
      g_assert_cmpstr (((WherrySignalMember *) list->members->pdata[0])->attributes, ==,
                       signal->attributes);
      g_assert_cmpuint (strlen (signal->attributes), <=, WHERRY_ATTRIBUTES_MAX);
    }
  g_assert_true (signal->will == NULL || g_bytes_get_size (signal->will->data) <= WHERRY_WILL_MAX);
  if (signal->type == WHERRY_SIGNAL_PING)
    {
      heard = hear (wherry_signal_write_pong (signal->data, signal->data_length, signal->tid));
      g_assert_cmpstr (heard->data, ==, signal->data);
      g_assert_cmpstr (heard->tid, ==, signal->tid);
    }
}

static void
check_client (const char *data, gsize size)
{
  g_auto (WherrySignalProblem) problem = { 0 };
  g_autoptr (WherrySignal) signal = wherry_signal_parse_client (data, size, &problem);
  g_autoptr (WherrySignal) heard = NULL;

  if (signal == NULL)
    {
      g_assert_nonnull (problem.message);
      heard = hear (wherry_signal_write_problem (&problem));
      g_assert_cmpint (heard->code, ==, problem.code);
      g_assert_cmpstr (heard->tid, ==, problem.tid);
      return;
    }
  g_assert_cmpint (signal->type, <=, WHERRY_SIGNAL_MSG);
  if (signal->type == WHERRY_SIGNAL_JOIN)
    g_assert_true (wherry_signal_room_is_valid (signal->room)
                   && wherry_signal_name_is_valid (signal->name));
  if (signal->channels != NULL)
    g_assert_cmpuint (signal->channels->len, <=, WHERRY_SIGNAL_CHANNELS_MAX);
  check_passed_on (signal);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySignal) heard = wherry_signal_parse_server ((const char *) data, size, &error);

  g_assert_true ((heard == NULL) == (error != NULL));
  check_client ((const char *) data, size);
  return 0;
}
