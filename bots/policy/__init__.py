"""What people are promised here: read from the operator's file, held to what production asks, said in chats and on a page."""
