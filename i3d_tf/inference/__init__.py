"""What a network makes of records and of videos: results, predictions, features, exports."""
