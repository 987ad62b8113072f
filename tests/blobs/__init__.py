"""What holds of every store of pictures: a folder, a bucket, a bucket that keeps versions."""
