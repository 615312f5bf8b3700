/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "client-life.h"
#include "fixtures/wherry-wait.h"

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  wherry_client_join_finish (WHERRY_CLIENT (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

void
client_join (WherryClient *client)
{
  gboolean joined = FALSE;

  wherry_client_join_async (client, NULL, on_joined, &joined);
  WHERRY_WAIT_UNTIL (NULL, joined);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (wherry_client_leave_finish (WHERRY_CLIENT (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

void
client_leave (WherryClient *client)
{
  gboolean left = FALSE;

  wherry_client_leave_async (client, NULL, on_left, &left);
  WHERRY_WAIT_UNTIL (NULL, left);
}
